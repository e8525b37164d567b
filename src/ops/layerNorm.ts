/** Layer normalization: statistics over the last axes of x, those of gamma. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, callAll } from "./call.ts";
import { normalization } from "./normalization.ts";
import type { Layout } from "./normalization-rules.ts";
import type { Op } from "./op.ts";

function layout(x: Shape, gamma: Shape, beta: Shape): Layout {
  const lead = x.length - gamma.length;
  const fits = gamma.length > 0 && lead >= 0 && sameShape(x.slice(lead), gamma) && sameShape(gamma, beta);
  if (!fits || sizeOf(gamma) === 0) {
    const found = `x ${showShape(x)}, gamma ${showShape(gamma)}, beta ${showShape(beta)}`;
    throw new ShapeError(`layerNorm: ${found}; expected gamma and beta of the shape of the last axes of x`);
  }
  const axes = gamma.map((_, axis) => lead + axis);
  return { view: x, axes, affine: x.map((extent, axis) => (axis < lead ? 1 : extent)) };
}

export const layerNormOp: Op = normalization({
  name: "layerNorm",
  doc: "(x - mean) / sqrt(variance + eps) * gamma + beta over the last axes of x, those of gamma.",
  layout,
});

/** Layer normalization of x over its last axes, those of gamma and beta. @throws ShapeError */
export function layerNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { eps = 1e-5 }: { readonly eps?: number } = {},
): Tensor {
  return call(layerNormOp, [x, gamma, beta], { eps });
}

/** Layer norm with the statistics that it uses, in the accumulate format, over the leading axes. @throws ShapeError */
export function layerNormWithStatistics(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  eps: number = 1e-5,
): { readonly y: Tensor; readonly mean: Tensor; readonly variance: Tensor } {
  const [y, mean, variance] = callAll(layerNormOp, [x, gamma, beta], { eps });
  return { y, mean, variance };
}
