/** Repeats every pixel in a block: the adjoint of summing over blocks. */
import type { Shape } from "../base/shape.ts";
import { input } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import type { Size } from "./maxPool2d.ts";
import type { Op, Options } from "./op.ts";
import { linearPushforward, unaryPullback } from "./rules.ts";
import { pairOf } from "./size.ts";
import { sizeOfImage, type Windows, windowsOf } from "./window.ts";
import { emitWindowSpread } from "./window-loops.ts";
import { windowReduce } from "./window-sums.ts";

/** The blocks as windows of the enlarged image. */
function blocksOf(x: Shape, options: Options): Windows {
  const [height, width] = sizeOfImage("upsampleNearest", x);
  const scale = pairOf("upsampleNearest", "scale", options.scale, 1);
  const shape = [...x.slice(0, -2), height * scale[0], width * scale[1]];
  return windowsOf("upsampleNearest", shape, { window: [...scale], stride: null, padding: 0 });
}

export const upsampleNearestOp: Op = {
  name: "upsampleNearest",
  doc: "Repeats every pixel of x [..., height, width] in a block of `scale`.",
  operands: ["x"],
  options: [{ name: "scale", type: "size", doc: "a whole number or [height, width]" }],
  kinks: [],
  infer: ([x], options) => {
    const { lead, size } = blocksOf(x.shape, options);
    return [{ shape: [...lead, ...size], type: x.type }];
  },
  lower: (context) => {
    const { inputs, outputs, type, node } = context;
    const blocks = blocksOf(type(inputs[0]).shape, node.options);
    emitWindowSpread(context, blocks, { images: [], results: inputs }, input(0), outputs[0]);
  },
  pullback: unaryPullback((b, at, g, shape) => {
    const term = { images: [g], results: [], expr: input(0), type: b.type(g).type };
    return windowReduce(b, blocksOf(shape, at.options), term);
  }),
  pushforward: linearPushforward,
};

/** Repeats every pixel of x [..., height, width] in a block. @param scale A whole number or [height, width]. */
export function upsampleNearest(x: Operand, scale: Size): Tensor {
  return call(upsampleNearestOp, [x], { scale });
}
