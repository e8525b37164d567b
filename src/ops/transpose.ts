/** Permutes axes. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape, stridesOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { axisOf, integersOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op, Options } from "./op.ts";
import { apply, linearPushforward, unaryPullback } from "./rules.ts";

/** perm[i] is the input's axis that becomes axis i. @throws ShapeError unless every axis is named once. */
function permutation(shape: Shape, options: Options): number[] {
  if (options.perm === null || options.perm === undefined) return [...shape.keys()].reverse();
  const perm = integersOf("transpose", options, "perm").map((axis) => axisOf("transpose", shape, axis));
  if (perm.length === shape.length && new Set(perm).size === perm.length) return perm;
  throw new ShapeError(`transpose: perm ${showShape(perm)} is not a permutation of the axes of ${showShape(shape)}`);
}

export const transposeOp: Op = {
  name: "transpose",
  doc: "Permutes axes; reverses them unless told otherwise.",
  operands: ["x"],
  options: [{ name: "perm", type: "integers", default: null, doc: "the input's axis at each place" }],
  kinks: [],
  infer: ([x], options) => [{ shape: permutation(x.shape, options).map((axis) => x.shape[axis]), type: x.type }],
  lower: ({ node, inputs, outputs, type, emit }) => {
    const { shape } = type(inputs[0]);
    const perm = permutation(shape, node.options);
    const strides = stridesOf(shape);
    const result = perm.map((axis) => shape[axis]);
    const from = { value: inputs[0], strides: perm.map((axis) => strides[axis]), offset: 0 };
    const pieces = [{ at: result.map(() => 0), shape: result, from }];
    emit({ node: node.id, loop: "move", shape: result, pieces, output: outputs[0] });
  },
  pullback: unaryPullback((b, at, g, shape) => {
    const perm = permutation(shape, at.options);
    return apply(b, "transpose", [g], { perm: perm.map((_, axis) => perm.indexOf(axis)) });
  }),
  pushforward: linearPushforward,
};

/** Permutes axes; `perm[i]` is the axis of x at place i (reversed unless given). @throws ShapeError */
export function transpose(x: Operand, perm: readonly number[] | null = null): Tensor {
  return call(transposeOp, [x], { perm });
}
