/** Sums over axes, in the blocks of docs/numerics.md. */
import type { Shape } from "../base/shape.ts";
import type { Expr } from "../ir/expression.ts";
import { input } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { axesOf, reductionOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import { isFloatType } from "./infer.ts";
import type { Builder, Lowering, Op, OptionSpec, Options } from "./op.ts";
import { apply, linearPushforward, reshapeTo, unaryPullback } from "./rules.ts";

export const reductionOptions: readonly OptionSpec[] = [
  { name: "axes", type: "integers", default: null, doc: "axes to reduce; all of them unless given" },
  { name: "keepDims", type: "boolean", default: false, doc: "keep each reduced axis with extent 1" },
];

/** The shape of a reduction's result. @throws ShapeError on an axis that is not there. */
export function reducedShape(op: string, shape: Shape, options: Options): Shape {
  const { kept, outer } = reductionOf(shape, axesOf(op, shape, options.axes));
  return options.keepDims === true ? kept : outer;
}

/** A value of the result's shape, read as if its reduced axes had been kept with extent 1. */
export function keptDims(b: Builder, op: string, value: number, shape: Shape, options: Options): number {
  return reshapeTo(b, value, reductionOf(shape, axesOf(op, shape, options.axes)).kept);
}

/** One reduction loop over the op's first operand. */
export function emitSum(context: Lowering, element: Expr, finish?: (count: number) => Expr): void {
  const { shape } = context.type(context.inputs[0]);
  const { node } = context;
  const reduction = reductionOf(shape, axesOf(node.op, shape, node.options.axes));
  context.emit({
    node: node.id,
    loop: "reduce",
    outer: reduction.outer,
    reduced: reduction.reduced,
    inputs: [reduction.access(context.inputs[0])],
    element,
    combine: "sum",
    ...(finish === undefined ? {} : { finish: finish(reduction.count) }),
    output: context.outputs[0],
  });
}

export const sumOp: Op = {
  name: "sum",
  doc: "Blocked sum over axes; an empty sum is +0. Integers and booleans sum exactly to int32.",
  operands: ["x"],
  options: reductionOptions,
  kinks: [],
  infer: ([x], options) => [
    { shape: reducedShape("sum", x.shape, options), type: isFloatType(x.type) ? x.type : "int32" },
  ],
  lower: (context) => emitSum(context, input(0)),
  pullback: unaryPullback((b, at, g, shape) =>
    apply(b, "broadcast", [keptDims(b, "sum", g, shape, at.options)], { shape: [...shape] }),
  ),
  pushforward: linearPushforward,
};

/** Blocked sum over axes; int32 of integers and booleans. @param axes All axes unless given. */
export function sum(x: Operand, axes: readonly number[] | null = null, keepDims: boolean = false): Tensor {
  return call(sumOp, [x], { axes, keepDims });
}
