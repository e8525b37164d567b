/** All ops by name, and the functions that users call. */
import { absOp } from "./abs.ts";
import { addOp } from "./add.ts";
import { castOp } from "./cast.ts";
import { clampOp } from "./clamp.ts";
import { eqOp, geOp, gtOp, leOp, ltOp, neOp } from "./comparison.ts";
import { constantOp } from "./constant.ts";
import { countOp } from "./count.ts";
import { divOp } from "./div.ts";
import { elementwiseOp } from "./elementwise-expression.ts";
import { eluOp } from "./elu.ts";
import { expOp } from "./exp.ts";
import { geluOp } from "./gelu.ts";
import { hardsigmoidOp } from "./hardsigmoid.ts";
import { hardswishOp } from "./hardswish.ts";
import { hardtanhOp } from "./hardtanh.ts";
import { leakyReluOp } from "./leakyRelu.ts";
import { logOp } from "./log.ts";
import { maxOp } from "./max.ts";
import { minOp } from "./min.ts";
import { mulOp } from "./mul.ts";
import { negOp } from "./neg.ts";
import type { Op } from "./op.ts";
import { powOp } from "./pow.ts";
import { reluOp } from "./relu.ts";
import { relu6Op } from "./relu6.ts";
import { seluOp } from "./selu.ts";
import { sigmoidOp } from "./sigmoid.ts";
import { signOp } from "./sign.ts";
import { siluOp } from "./silu.ts";
import { softplusOp } from "./softplus.ts";
import { sqrtOp } from "./sqrt.ts";
import { squareOp } from "./square.ts";
import { subOp } from "./sub.ts";
import { tanhOp } from "./tanh.ts";
import { whereOp } from "./where.ts";

export { abs } from "./abs.ts";
export { add } from "./add.ts";
export type { Operand } from "./call.ts";
export { cast } from "./cast.ts";
export { clamp } from "./clamp.ts";
export { eq, ge, gt, le, lt, ne } from "./comparison.ts";
export { constant } from "./constant.ts";
export { div } from "./div.ts";
export { elu } from "./elu.ts";
export { exp } from "./exp.ts";
export { gelu } from "./gelu.ts";
export { hardsigmoid } from "./hardsigmoid.ts";
export { hardswish } from "./hardswish.ts";
export { hardtanh } from "./hardtanh.ts";
export { leakyRelu } from "./leakyRelu.ts";
export { log } from "./log.ts";
export { max } from "./max.ts";
export { min } from "./min.ts";
export { mul } from "./mul.ts";
export { neg } from "./neg.ts";
export { pow } from "./pow.ts";
export { relu } from "./relu.ts";
export { relu6 } from "./relu6.ts";
export { selu } from "./selu.ts";
export { sigmoid } from "./sigmoid.ts";
export { sign } from "./sign.ts";
export { silu } from "./silu.ts";
export { softplus } from "./softplus.ts";
export { sqrt } from "./sqrt.ts";
export { square } from "./square.ts";
export { sub } from "./sub.ts";
export { tanh } from "./tanh.ts";
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
];

/** Every op by name: what builders, lowering and derivative rules look up. */
export const ops: ReadonlyMap<string, Op> = new Map(list.map((op) => [op.name, op]));
