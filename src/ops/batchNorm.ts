/** Batch normalization: statistics per channel of x [batch, channels, ...], of the batch or given. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shape.ts";
import { add, constant, div, input, mul, option, sub } from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, callAll } from "./call.ts";
import { elementwiseOp } from "./elementwise-expression.ts";
import { normalization, normalized } from "./normalization.ts";
import { inverseDeviation, type Layout } from "./normalization-rules.ts";
import type { Op } from "./op.ts";
import { reshape } from "./reshape.ts";

/** [channels, 1, 1]: channels beside x [batch, channels, ...]. */
const besideChannels = (x: Shape): number[] => x.slice(1).map((extent, axis) => (axis === 0 ? extent : 1));

/** @throws ShapeError unless the vectors have one entry per channel. */
function checkChannels(x: Shape, vectors: Readonly<Record<string, Shape>>): void {
  const bad = Object.entries(vectors).find(([, shape]) => x.length < 2 || !sameShape(shape, [x[1]]));
  if (bad === undefined) return;
  const found = `x ${showShape(x)} and ${bad[0]} ${showShape(bad[1])}`;
  throw new ShapeError(`batchNorm: ${found}; expected x [batch, channels, ...] and one entry per channel`);
}

function layout(x: Shape, gamma: Shape, beta: Shape): Layout {
  checkChannels(x, { gamma, beta });
  const axes = [...x.keys()].filter((axis) => axis !== 1);
  const count = sizeOf(axes.map((axis) => x[axis]));
  if (count < 2) {
    throw new ShapeError(`batchNorm: x ${showShape(x)} has ${count} values per channel, expected two or more`);
  }
  return { view: x, axes, affine: [1, ...besideChannels(x)] };
}

export const batchNormOp: Op = normalization({
  name: "batchNorm",
  doc: "(x - mean) / sqrt(variance + eps) * gamma + beta per channel of x [batch, channels, ...], biased variance.",
  options: [
    {
      name: "frozen",
      type: "boolean",
      default: false,
      doc: "derivatives take the statistics of the batch as constants",
    },
  ],
  layout,
});

export interface BatchStatistics {
  /** Per channel, in the accumulate format. */
  readonly mean: Tensor;
  /** Biased: squared deviations divided by their number. */
  readonly variance: Tensor;
}

export interface BatchNormSpec {
  /** Default 1e-5. */
  readonly eps?: number;
  /** Statistics to use instead of the batch's: evaluation. */
  readonly statistics?: BatchStatistics;
}

/**
 * Batch norm with the statistics of the batch, which are returned too: for the running statistics.
 * @param frozen The derivative takes them as constants. @throws ShapeError
 */
export function batchNormWithStatistics(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  eps: number = 1e-5,
  frozen = false,
): BatchStatistics & { readonly y: Tensor } {
  const [y, mean, variance] = callAll(batchNormOp, [x, gamma, beta], { eps, frozen });
  return { y, mean, variance };
}

/**
 * Batch normalization of x [batch, channels, ...] with gamma and beta [channels]: by the batch's statistics (training), or
 * by given ones (evaluation). @throws ShapeError
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { eps = 1e-5, statistics }: BatchNormSpec = {},
): Tensor {
  if (statistics === undefined) return call(batchNormOp, [x, gamma, beta], { eps });
  const { mean, variance } = statistics;
  checkChannels(x.shape, { gamma: gamma.shape, beta: beta.shape, mean: mean.shape, variance: variance.shape });
  const perChannel = (tensor: Tensor): Tensor => reshape(tensor, besideChannels(x.shape));
  const deviation = expressionToJson(inverseDeviation(input(0), eps));
  const r = call(elementwiseOp, [variance], { expr: deviation, type: "accumulate" });
  const expr = expressionToJson(normalized(input(0), input(1), input(2), input(3), input(4)));
  const operands = [x, ...[mean, r, gamma, beta].map(perChannel)];
  return call(elementwiseOp, operands, { expr, type: x.type });
}

/**
 * running + momentum * (batch - running), as the frameworks do: the running variance is of the unbiased one.
 * @param count Values per channel in the batch. @param momentum Weight of the batch; PyTorch's default is 0.1.
 */
export function runningStatistics(
  running: BatchStatistics,
  batch: BatchStatistics,
  count: number,
  momentum: number = 0.1,
): BatchStatistics {
  if (!(Number.isInteger(count) && count >= 2)) {
    throw new UsageError(`runningStatistics: ${count} values per channel, expected two or more`);
  }
  const blend = (old: Tensor, fresh: Tensor, scale: number): Tensor => {
    const found = scale === 1 ? input(1) : div(mul(input(1), constant(count)), constant(count - 1));
    const expr = add(mul(sub(constant(1), option(momentum)), input(0)), mul(option(momentum), found));
    return call(elementwiseOp, [old, fresh], { expr: expressionToJson(expr), type: old.type });
  };
  return {
    mean: blend(running.mean, batch.mean, 1),
    variance: blend(running.variance, batch.variance, count / (count - 1)),
  };
}
