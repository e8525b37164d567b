/** Group normalization: statistics over groups of channels of each example of x [batch, channels, ...]. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, callAll } from "./call.ts";
import { normalization } from "./normalization.ts";
import type { Layout } from "./normalization-rules.ts";
import type { Op, Options } from "./op.ts";

function layout(x: Shape, gamma: Shape, beta: Shape, { groups }: Options): Layout {
  const [batch, channels] = x;
  if (x.length < 2 || !sameShape(gamma, [channels]) || !sameShape(beta, [channels])) {
    const found = `x ${showShape(x)}, gamma ${showShape(gamma)}, beta ${showShape(beta)}`;
    throw new ShapeError(`groupNorm: ${found}; expected x [batch, channels, ...] and one entry per channel`);
  }
  if (typeof groups !== "number" || groups < 1 || channels % groups !== 0) {
    throw new ShapeError(`groupNorm: ${channels} channels do not divide into ${String(groups)} groups`);
  }
  const pixels = sizeOf(x.slice(2));
  if (pixels === 0) throw new ShapeError(`groupNorm: x ${showShape(x)} has no pixels, expected one or more`);
  return {
    view: [batch, groups, channels / groups, pixels],
    axes: [2, 3],
    affine: [1, groups, channels / groups, 1],
  };
}

export const groupNormOp: Op = normalization({
  name: "groupNorm",
  doc: "(x - mean) / sqrt(variance + eps) * gamma + beta over groups of channels of each example.",
  options: [{ name: "groups", type: "integer", doc: "number of groups; it divides the channels" }],
  layout,
});

/** Group normalization of x [batch, channels, ...] with gamma and beta [channels]. @throws ShapeError */
export function groupNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { groups, eps = 1e-5 }: { readonly groups: number; readonly eps?: number },
): Tensor {
  return call(groupNormOp, [x, gamma, beta], { groups, eps });
}

/** Group norm with the statistics that it uses, in the accumulate format, [batch, groups]. @throws ShapeError */
export function groupNormWithStatistics(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  groups: number,
  eps: number = 1e-5,
): { readonly y: Tensor; readonly mean: Tensor; readonly variance: Tensor } {
  const [y, mean, variance] = callAll(groupNormOp, [x, gamma, beta], { groups, eps });
  return { y, mean, variance };
}
