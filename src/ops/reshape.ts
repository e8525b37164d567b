/** The same elements in row-major order under another shape. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { integersOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op, Options } from "./op.ts";
import { linearPushforward, reshapeTo, unaryPullback } from "./rules.ts";

/** The new shape with its one -1 replaced. @throws ShapeError where the sizes differ. */
function targetShape(shape: Shape, options: Options): Shape {
  const target = integersOf("reshape", options, "shape");
  const wrong = (): ShapeError => new ShapeError(`reshape: ${showShape(shape)} cannot become ${showShape(target)}`);
  const free = target.indexOf(-1);
  const rest = sizeOf(target.filter((_, axis) => axis !== free));
  if (target.some((extent, axis) => extent < 0 && axis !== free)) throw wrong();
  if (free >= 0) {
    if (rest === 0 || sizeOf(shape) % rest !== 0) throw wrong();
    target[free] = sizeOf(shape) / rest;
  } else if (rest !== sizeOf(shape)) throw wrong();
  return target;
}

export const reshapeOp: Op = {
  name: "reshape",
  doc: "The elements in row-major order under another shape of the same size; one extent may be -1.",
  operands: ["x"],
  options: [{ name: "shape", type: "integers", doc: "the new shape" }],
  kinks: [],
  infer: ([x], options) => [{ shape: targetShape(x.shape, options), type: x.type }],
  lower: ({ node, inputs, outputs, type, emit }) => {
    const shape = [sizeOf(type(inputs[0]).shape)];
    const from = { value: inputs[0], strides: [1], offset: 0 };
    emit({ node: node.id, loop: "move", shape, pieces: [{ at: [0], shape, from }], output: outputs[0] });
  },
  pullback: unaryPullback((b, _, g, shape) => reshapeTo(b, g, shape)),
  pushforward: linearPushforward,
};

/** The elements of x in row-major order under another shape; one extent may be -1. @throws ShapeError */
export function reshape(x: Operand, shape: readonly number[]): Tensor {
  return call(reshapeOp, [x], { shape });
}
