/** All ops by name, and the functions that users call. */
import { absOp } from "./abs.ts";
import { addOp } from "./add.ts";
import { avgPool2dOp, globalAvgPoolOp } from "./avgPool2d.ts";
import { batchNormOp } from "./batchNorm.ts";
import { broadcastOp } from "./broadcast.ts";
import { castOp } from "./cast.ts";
import { clampOp } from "./clamp.ts";
import { eqOp, geOp, gtOp, leOp, ltOp, neOp } from "./comparison.ts";
import { concatOp } from "./concat.ts";
import { constantOp } from "./constant.ts";
import { conv2dOp } from "./conv2d.ts";
import { conv2dInputOp } from "./conv2d-input.ts";
import { conv2dWeightOp } from "./conv2d-weight.ts";
import { countOp } from "./count.ts";
import { divOp } from "./div.ts";
import { dropoutOp } from "./dropout.ts";
import { elementwiseOp } from "./elementwise-expression.ts";
import { eluOp } from "./elu.ts";
import { erfOp } from "./erf.ts";
import { expOp } from "./exp.ts";
import { flattenOp } from "./flatten.ts";
import { gatherOp, scatterAddOp } from "./gather.ts";
import { geluOp } from "./gelu.ts";
import { groupNormOp } from "./groupNorm.ts";
import { hardsigmoidOp } from "./hardsigmoid.ts";
import { hardswishOp } from "./hardswish.ts";
import { hardtanhOp } from "./hardtanh.ts";
import { hybridMaxPool2dOp } from "./hybridMaxPool2d.ts";
import { l2normOp } from "./l2norm.ts";
import { layerNormOp } from "./layerNorm.ts";
import { leakyReluOp } from "./leakyRelu.ts";
import { linearOp } from "./linear.ts";
import { logOp } from "./log.ts";
import { matmulOp } from "./matmul.ts";
import { maxOp } from "./max.ts";
import { maxOverTiesOp } from "./max-over-ties.ts";
import { maxTiesOp } from "./max-ties.ts";
import { globalMaxPoolOp, maxPool2dOp } from "./maxPool2d.ts";
import { meanOp } from "./mean.ts";
import { minOp } from "./min.ts";
import { mulOp } from "./mul.ts";
import { negOp } from "./neg.ts";
import { normPoolOp } from "./normPool.ts";
import { oneHotOp } from "./oneHot.ts";
import type { Op } from "./op.ts";
import { padOp } from "./pad.ts";
import { powOp } from "./pow.ts";
import { reduceMaxOp } from "./reduceMax.ts";
import { reluOp } from "./relu.ts";
import { relu6Op } from "./relu6.ts";
import { reshapeOp } from "./reshape.ts";
import { seluOp } from "./selu.ts";
import { sigmoidOp } from "./sigmoid.ts";
import { signOp } from "./sign.ts";
import { siluOp } from "./silu.ts";
import { sliceOp } from "./slice.ts";
import { logSoftmaxOp, softmaxOp } from "./softmax.ts";
import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from "./softmaxCrossEntropy.ts";
import { softplusOp } from "./softplus.ts";
import { sqrtOp } from "./sqrt.ts";
import { squareOp } from "./square.ts";
import { subOp } from "./sub.ts";
import { sumOp } from "./sum.ts";
import { sumOfOp } from "./sum-of.ts";
import { tanhOp } from "./tanh.ts";
import { transposeOp } from "./transpose.ts";
import { upsampleNearestOp } from "./upsampleNearest.ts";
import { whereOp } from "./where.ts";
import { windowReduceOp, windowSpreadOp } from "./window-sums.ts";

export { abs } from "./abs.ts";
export { add } from "./add.ts";
export { type AvgPoolSpec, avgPool2d, globalAvgPool } from "./avgPool2d.ts";
export {
  type BatchNormSpec,
  type BatchStatistics,
  batchNorm,
  batchNormWithStatistics,
  runningStatistics,
} from "./batchNorm.ts";
export { broadcast } from "./broadcast.ts";
export type { Operand } from "./call.ts";
export { cast } from "./cast.ts";
export { clamp } from "./clamp.ts";
export { eq, ge, gt, le, lt, ne } from "./comparison.ts";
export { concat } from "./concat.ts";
export { constant } from "./constant.ts";
export { conv2d } from "./conv2d.ts";
export { div } from "./div.ts";
export { dropout } from "./dropout.ts";
export { elu } from "./elu.ts";
export { erf } from "./erf.ts";
export { exp } from "./exp.ts";
export { flatten } from "./flatten.ts";
export { gather, scatterAdd } from "./gather.ts";
export { gelu } from "./gelu.ts";
export { groupNorm, groupNormWithStatistics } from "./groupNorm.ts";
export { hardsigmoid } from "./hardsigmoid.ts";
export { hardswish } from "./hardswish.ts";
export { hardtanh } from "./hardtanh.ts";
export { l2norm } from "./l2norm.ts";
export { layerNorm, layerNormWithStatistics } from "./layerNorm.ts";
export { leakyRelu } from "./leakyRelu.ts";
export { linear } from "./linear.ts";
export { log } from "./log.ts";
export { matmul } from "./matmul.ts";
export { max } from "./max.ts";
export { globalMaxPool, maxPool2d, type Size, type WindowSpec } from "./maxPool2d.ts";
export { mean } from "./mean.ts";
export { min } from "./min.ts";
export { mul } from "./mul.ts";
export { neg } from "./neg.ts";
export { type NormPoolSpec, normPool } from "./normPool.ts";
export { oneHot } from "./oneHot.ts";
export { pad } from "./pad.ts";
export { pow } from "./pow.ts";
export { reduceMax } from "./reduceMax.ts";
export { relu } from "./relu.ts";
export { relu6 } from "./relu6.ts";
export { reshape } from "./reshape.ts";
export { rmsNorm, rmsNormWithStatistics } from "./rmsNorm.ts";
export { selu } from "./selu.ts";
export { sigmoid } from "./sigmoid.ts";
export { sign } from "./sign.ts";
export { silu } from "./silu.ts";
export { slice } from "./slice.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { type LossReduction, softmaxCrossEntropy } from "./softmaxCrossEntropy.ts";
export { softplus } from "./softplus.ts";
export { sqrt } from "./sqrt.ts";
export { square } from "./square.ts";
export { sub } from "./sub.ts";
export { sum } from "./sum.ts";
export { tanh } from "./tanh.ts";
export { transpose } from "./transpose.ts";
export { upsampleNearest } from "./upsampleNearest.ts";
export { where } from "./where.ts";

const list: readonly Op[] = [
  absOp,
  addOp,
  castOp,
  clampOp,
  eqOp,
  geOp,
  gtOp,
  leOp,
  ltOp,
  neOp,
  constantOp,
  countOp,
  divOp,
  elementwiseOp,
  eluOp,
  erfOp,
  expOp,
  geluOp,
  hardsigmoidOp,
  hardswishOp,
  hardtanhOp,
  leakyReluOp,
  logOp,
  maxOp,
  minOp,
  mulOp,
  negOp,
  powOp,
  reluOp,
  relu6Op,
  seluOp,
  sigmoidOp,
  signOp,
  siluOp,
  softplusOp,
  sqrtOp,
  squareOp,
  subOp,
  tanhOp,
  whereOp,
  broadcastOp,
  concatOp,
  conv2dOp,
  conv2dInputOp,
  conv2dWeightOp,
  gatherOp,
  scatterAddOp,
  l2normOp,
  linearOp,
  matmulOp,
  maxOverTiesOp,
  maxTiesOp,
  meanOp,
  oneHotOp,
  padOp,
  reduceMaxOp,
  reshapeOp,
  sliceOp,
  logSoftmaxOp,
  softmaxOp,
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
  sumOp,
  transposeOp,
  avgPool2dOp,
  globalAvgPoolOp,
  dropoutOp,
  flattenOp,
  maxPool2dOp,
  globalMaxPoolOp,
  hybridMaxPool2dOp,
  normPoolOp,
  upsampleNearestOp,
  windowReduceOp,
  windowSpreadOp,
  batchNormOp,
  groupNormOp,
  layerNormOp,
  sumOfOp,
];

/** Every op by name: what builders, lowering and derivative rules look up. */
export const ops: ReadonlyMap<string, Op> = new Map(list.map((op) => [op.name, op]));
