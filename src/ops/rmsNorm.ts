/** Root mean square norm (Zhang, Sennrich 2019): x over the root of its mean square per example; no mean is removed. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shape.ts";
import { add, input, mul } from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { Tensor } from "../ir/trace.ts";
import { call } from "./call.ts";
import { elementwiseOp } from "./elementwise-expression.ts";
import { inverseDeviation, wide } from "./normalization-rules.ts";
import { reshape } from "./reshape.ts";
import { sumOfOp } from "./sum-of.ts";

function check(x: Shape, vectors: Readonly<Record<string, Shape>>): void {
  const bad = Object.entries(vectors).find(([, shape]) => x.length < 2 || !sameShape(shape, [x[1]]));
  if (bad === undefined) return;
  const found = `x ${showShape(x)} and ${bad[0]} ${showShape(bad[1])}`;
  throw new ShapeError(`rmsNorm: ${found}; expected x [batch, channels, ...] and one entry per channel`);
}

/**
 * x / sqrt(mean of squares + eps) * gamma + beta, the mean over all but the first axis of x [batch, channels, ...], in the
 * accumulate format; one rounding of the result. @throws ShapeError
 */
export function rmsNormWithStatistics(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  eps: number = 1e-5,
): { readonly y: Tensor; readonly square: Tensor } {
  check(x.shape, { gamma: gamma.shape, beta: beta.shape });
  const axes = [...x.shape.keys()].slice(1);
  const count = axes.reduce((size, axis) => size * x.shape[axis], 1);
  const expr = expressionToJson(mul(input(0), input(0)));
  const square = call(sumOfOp, [x], { expr, axes, shape: [...x.shape], divisor: count, type: wide });
  const r = call(elementwiseOp, [square], { expr: expressionToJson(inverseDeviation(input(0), eps)), type: wide });
  const affine = x.shape.slice(1).map((extent, axis) => (axis === 0 ? extent : 1));
  const scaled = expressionToJson(add(mul(mul(input(0), input(1)), input(2)), input(3)));
  const y = call(elementwiseOp, [x, r, reshape(gamma, affine), reshape(beta, affine)], { expr: scaled, type: x.type });
  return { y, square };
}

/** `rmsNormWithStatistics` without the statistics. @throws ShapeError */
export function rmsNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { eps = 1e-5 }: { readonly eps?: number } = {},
): Tensor {
  return rmsNormWithStatistics(x, gamma, beta, eps).y;
}
