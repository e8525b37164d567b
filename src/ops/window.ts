/** Windows that slide over the last two axes of an array. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { add, constant, type Expr, index, mul } from "../ir/expression.ts";
import type { OptionSpec, Options } from "./op.ts";
import { type Pair, pairOf } from "./size.ts";

export interface Windows {
  /** Axes before the two that the windows slide over. */
  readonly lead: Shape;
  readonly size: Pair;
  readonly window: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Windows per axis. */
  readonly count: Pair;
}

export const windowOptions: readonly OptionSpec[] = [
  { name: "window", type: "size", doc: "a whole number or [height, width]" },
  { name: "stride", type: "size", default: null, doc: "from window to window; the window unless given" },
  { name: "padding", type: "size", default: 0, doc: "rows and columns of padding on both sides" },
];

/** The two last axes of x. @throws ShapeError where x has fewer. */
export function sizeOfImage(op: string, x: Shape): Pair {
  if (x.length < 2) throw new ShapeError(`${op}: x ${showShape(x)}, expected [..., height, width]`);
  return [x[x.length - 2], x[x.length - 1]];
}

/** Windows of x [..., height, width]. @throws ShapeError where one does not fit or would see padding alone. */
export function windowsOf(op: string, x: Shape, options: Options): Windows {
  const size = sizeOfImage(op, x);
  const window = pairOf(op, "window", options.window, 1);
  const stride = options.stride === null ? window : pairOf(op, "stride", options.stride, 1);
  const padding = pairOf(op, "padding", options.padding, 0);
  if (padding[0] >= window[0] || padding[1] >= window[1]) {
    const found = `padding ${showShape(padding)} with window ${showShape(window)}`;
    throw new ShapeError(`${op}: ${found}; expected less padding than window, else windows hold nothing else`);
  }
  const extent = (axis: 0 | 1): number =>
    Math.floor((size[axis] + 2 * padding[axis] - window[axis]) / stride[axis]) + 1;
  const count: Pair = [extent(0), extent(1)];
  if (count[0] < 1 || count[1] < 1) {
    const found = `window ${showShape(window)} and padding ${showShape(padding)} for x ${showShape(x)}`;
    throw new ShapeError(`${op}: ${found}; expected a window no larger than the padded image`);
  }
  return { lead: x.slice(0, -2), size, window, stride, padding, count };
}

/** The shape of one result per window. */
export const windowShape = ({ lead, count }: Windows): Shape => [...lead, ...count];

/** The options that say the same with nothing left out. */
export const explicit = ({ window, stride, padding }: Windows): Options => ({
  window: [...window],
  stride: [...stride],
  padding: [...padding],
});

/**
 * `index` axes of an expression over windows: [...lead, oh, ow, kh, kw], window (oh, ow) and tap (kh, kw) within it. The
 * tap's number is row-major.
 */
export function tapNumber({ lead, window }: Windows): Expr {
  const [kh, kw] = [index(lead.length + 2), index(lead.length + 3)];
  return add(mul(kh, constant(window[1])), kw);
}
