/** Repeats a value along axes, as NumPy broadcasting does. */
import { ShapeError } from "../base/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { sumTo } from "./apply-expression.ts";
import { integersOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op, Options } from "./op.ts";
import { linearPushforward, unaryPullback } from "./rules.ts";

function targetShape(shape: Shape, options: Options): Shape {
  const target = integersOf("broadcast", options, "shape");
  const fits = broadcastShapes(shape, target);
  if (fits !== undefined && sameShape(fits, target)) return target;
  throw new ShapeError(`broadcast: ${showShape(shape)} cannot be broadcast to ${showShape(target)}`);
}

export const broadcastOp: Op = {
  name: "broadcast",
  doc: "Repeats along axes of extent 1 and new leading axes.",
  operands: ["x"],
  options: [{ name: "shape", type: "integers", doc: "the new shape" }],
  kinks: [],
  infer: ([x], options) => [{ shape: targetShape(x.shape, options), type: x.type }],
  lower: ({ node, inputs, outputs, type, read, emit }) => {
    const { shape } = type(outputs[0]);
    const pieces = [{ at: shape.map(() => 0), shape, from: read(inputs[0], shape) }];
    emit({ node: node.id, loop: "move", shape, pieces, output: outputs[0] });
  },
  pullback: unaryPullback((b, _, g, shape) => sumTo(b, g, shape)),
  pushforward: linearPushforward,
};

/** Repeats x to `shape` as NumPy does. @throws ShapeError */
export function broadcast(x: Operand, shape: readonly number[]): Tensor {
  return call(broadcastOp, [x], { shape });
}
