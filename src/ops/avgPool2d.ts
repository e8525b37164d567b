/** Means over windows: the blocked sum in the accumulate format, divided by the number of taps, one rounding. */
import type { Shape } from "../base/shape.ts";
import { constant, div, type Expr, index, input, max, min, mul, sub } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import { type WindowSpec, wholeImage } from "./maxPool2d.ts";
import type { Op, OptionSpec, Options } from "./op.ts";
import { linearPushforward, unaryPullback } from "./rules.ts";
import { type Windows, windowOptions, windowShape, windowsOf } from "./window.ts";
import { emitWindowReduce } from "./window-loops.ts";
import { windowSpread } from "./window-sums.ts";

/** Taps of the window at `index` axes (oh, ow): all of them, or those inside the image. */
function tapsOf({ lead, size, window, stride, padding }: Windows, countPadding: boolean): Expr {
  if (countPadding || padding.every((extent) => extent === 0)) return constant(window[0] * window[1]);
  const [height, width] = [0, 1].map((axis) => {
    const start = sub(mul(index(lead.length + axis), constant(stride[axis])), constant(padding[axis]));
    const end = sub(start, constant(-window[axis]));
    return sub(min(end, constant(size[axis])), max(start, constant(0)));
  });
  return mul(height, width);
}

interface AvgPool {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly OptionSpec[];
  readonly windows: (x: Shape, options: Options) => Windows;
}

function avgPool({ name, doc, options, windows }: AvgPool): Op {
  const meanOf = (geometry: Windows, given: Options): Expr =>
    div(input(0), tapsOf(geometry, given.countPadding !== false));
  return {
    name,
    doc,
    operands: ["x"],
    options,
    kinks: [],
    infer: ([x], given) => [{ shape: windowShape(windows(x.shape, given)), type: floatTypeOf(name, [x]) }],
    lower: (context) => {
      const { inputs, outputs, node } = context;
      const geometry = windows(context.type(inputs[0]).shape, node.options);
      const finish = meanOf(geometry, node.options);
      const sum = { element: input(0), combine: "sum", finish } as const;
      emitWindowReduce(context, geometry, { images: inputs, results: [] }, sum, outputs[0]);
    },
    pullback: unaryPullback((b, at, g, shape) => {
      const geometry = windows(shape, at.options);
      const { type } = b.type(g);
      return windowSpread(b, geometry, { images: [], results: [g], expr: meanOf(geometry, at.options), type });
    }),
    pushforward: linearPushforward,
  };
}

export const avgPool2dOp: Op = avgPool({
  name: "avgPool2d",
  doc: "Means over windows of the last two axes; padding counts as zeros unless told otherwise.",
  options: [
    ...windowOptions,
    { name: "countPadding", type: "boolean", default: true, doc: "divide by all taps, or by those in the image" },
  ],
  windows: (x, options) => windowsOf("avgPool2d", x, options),
});

export const globalAvgPoolOp: Op = avgPool({
  name: "globalAvgPool",
  doc: "The mean of each image: x [..., height, width] to [..., 1, 1].",
  options: [],
  windows: (x) => wholeImage("globalAvgPool", x),
});

export interface AvgPoolSpec extends WindowSpec {
  /** Whether padding counts (default) or the mean is over the taps in the image. */
  readonly countPadding?: boolean;
}

/** Means over windows of x [..., height, width]. @throws ShapeError */
export function avgPool2d(x: Operand, { window, stride, padding = 0, countPadding = true }: AvgPoolSpec): Tensor {
  return call(avgPool2dOp, [x], { window, stride: stride ?? null, padding, countPadding });
}

/** The mean of each image: x [..., height, width] to [..., 1, 1]. @throws ShapeError */
export function globalAvgPool(x: Operand): Tensor {
  return call(globalAvgPoolOp, [x]);
}
