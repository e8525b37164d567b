/** Means over axes: the sum in the accumulate format, divided by the number of terms, rounded once. */
import { constant, div, input } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { axesOf, floatTypeOf, reductionOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op } from "./op.ts";
import { apply, linearPushforward, unaryPullback } from "./rules.ts";
import { emitSum, keptDims, reducedShape, reductionOptions } from "./sum.ts";

export const meanOp: Op = {
  name: "mean",
  doc: "Blocked sum over axes divided by the number of terms, one rounding; an empty mean is NaN.",
  operands: ["x"],
  options: reductionOptions,
  kinks: [],
  infer: ([x], options) => [{ shape: reducedShape("mean", x.shape, options), type: floatTypeOf("mean", [x]) }],
  lower: (context) => emitSum(context, input(0), (count) => div(input(0), constant(count))),
  pullback: unaryPullback((b, at, g, shape) => {
    const { count } = reductionOf(shape, axesOf("mean", shape, at.options.axes));
    const { type, shape: outer } = b.type(g);
    const share = applyExpression(b, [g], div(input(0), constant(count)), type, outer);
    return apply(b, "broadcast", [keptDims(b, "mean", share, shape, at.options)], { shape: [...shape] });
  }),
  pushforward: linearPushforward,
};

/** Mean over axes: sum in the accumulate format, one rounding. @param axes All axes unless given. */
export function mean(x: Operand, axes: readonly number[] | null = null, keepDims: boolean = false): Tensor {
  return call(meanOp, [x], { axes, keepDims });
}
