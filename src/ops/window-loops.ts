/**
 * Loops over windows. In their expressions the `index` axes are [...lead, oh, ow, kh, kw]: window (oh, ow) and tap (kh, kw)
 * in it; inputs are images [..., height, width] at the tap, then results [..., oh, ow] of the window.
 */
import { stridesOf } from "../base/shape.ts";
import { add, both, constant, type Expr, ge, index, input, lt, mul, select, sub, zero } from "../ir/expression.ts";
import { substitute } from "../ir/expression-json.ts";
import type { Access, ReduceLoop } from "../ir/loops.ts";
import type { Lowering } from "./op.ts";
import type { Pair } from "./size.ts";
import type { Windows } from "./window.ts";

export interface WindowOperands {
  readonly images: readonly number[];
  readonly results: readonly number[];
}

const pair = (of: (axis: 0 | 1) => number): Pair => [of(0), of(1)];

/** low <= e < high. */
const between = (e: Expr, low: number, high: number): Expr => both(ge(e, constant(low)), lt(e, constant(high)));

/** `value` [..., h, w] inside zeros [..., rows, columns], from `at`; itself where that is the same. */
function placed({ node, type, scratch, read, emit }: Lowering, value: number, at: Pair, rows: Pair): number {
  const own = type(value).shape;
  const [h, w] = own.slice(-2);
  if (h === rows[0] && w === rows[1] && at[0] === 0 && at[1] === 0) return value;
  const lead = own.slice(0, -2);
  const shape = [...lead, ...rows];
  const output = scratch(shape, type(value).type);
  // Rows and columns that no window reaches stay behind.
  const kept = [...lead, Math.min(h, rows[0] - at[0]), Math.min(w, rows[1] - at[1])];
  const piece = { at: [...lead.map(() => 0), ...at], shape: kept, from: read(value, own) };
  emit({ node: node.id, loop: "move", shape, pieces: [piece], output });
  return output;
}

/** Strides [...lead, of the windows, of the taps] of an image. */
function tapStrides(strides: readonly number[], stride: Pair): number[] {
  const [row, column] = strides.slice(-2);
  return [...strides.slice(0, -2), stride[0] * row, stride[1] * column, row, column];
}

/** out[window] = finish(combine over its taps of element). Taps in padding are absent, in sums terms +0. */
export function emitWindowReduce(
  context: Lowering,
  windows: Windows,
  { images, results }: WindowOperands,
  { element, combine, finish }: Pick<ReduceLoop, "element" | "combine" | "finish">,
  output: number,
): void {
  const { lead, size, window, stride, padding, count } = windows;
  const isPadded = padding.some((extent) => extent > 0);
  const reached = pair((axis) => (count[axis] - 1) * stride[axis] + window[axis]);
  const image = (value: number): Access => {
    const source = isPadded ? placed(context, value, padding, reached) : value;
    return { value: source, strides: tapStrides(stridesOf(context.type(source).shape), stride), offset: 0 };
  };
  const result = (value: number): Access => {
    const strides = stridesOf(context.type(value).shape);
    return { value, strides: [...strides, 0, 0], offset: 0 };
  };
  const isInside = (axis: 0 | 1): Expr => {
    const [window, tap] = [index(lead.length + axis), index(lead.length + 2 + axis)];
    const place = add(mul(window, constant(stride[axis])), tap);
    return between(place, padding[axis], padding[axis] + size[axis]);
  };
  const absent = combine === "sum" ? zero : constant(combine === "max" ? -Infinity : Infinity);
  context.emit({
    node: context.node.id,
    loop: "reduce",
    outer: [...lead, ...count],
    reduced: [...window],
    inputs: [...images.map(image), ...results.map(result)],
    element: isPadded ? select(both(isInside(0), isInside(1)), element, absent) : element,
    combine,
    ...(finish === undefined ? {} : { finish }),
    output,
  });
}

/**
 * Where an element is. With place + padding = stride * q + r it can lie in the windows q - early .. q, early =
 * ceil(window / stride) - 1; in the i-th of them, q - early + i, it is tap r + stride * (early - i): all affine in q, r, i.
 */
interface Cover {
  /** Windows that may hold an element, less one. */
  readonly early: Pair;
  /** Values of q. */
  readonly cells: Pair;
  /** Extents that the cells cover: stride * q + r. */
  readonly grid: Pair;
}

function coverOf({ size, window, stride, padding }: Windows): Cover {
  const cells = pair((axis) => Math.ceil((size[axis] + padding[axis]) / stride[axis]));
  return {
    early: pair((axis) => Math.ceil(window[axis] / stride[axis]) - 1),
    cells,
    grid: pair((axis) => cells[axis] * stride[axis]),
  };
}

/** The element's expression over the loop axes [...lead, q, r, q, r, i, i], 0 where the window or the tap is none. */
function spreadTerm(
  { lead, window, stride, count }: Windows,
  { early, cells }: Cover,
  element: Expr,
  inputs: number,
): Expr {
  const rank = lead.length;
  const sumOf = (e: Expr, shift: number): Expr => (shift === 0 ? e : add(e, constant(shift)));
  const places = ([0, 1] as const).map((axis) => {
    const [q, r, i] = [index(rank + 2 * axis), index(rank + 2 * axis + 1), index(rank + 4 + axis)];
    if (early[axis] === 0) return { at: q, tap: r };
    const tap = sub(sumOf(r, stride[axis] * early[axis]), mul(i, constant(stride[axis])));
    return { at: sumOf(add(q, i), -early[axis]), tap };
  });
  const tests = places.flatMap(({ at, tap }, axis) => [
    ...(early[axis] > 0 || cells[axis] > count[axis] ? [between(at, 0, count[axis])] : []),
    ...(window[axis] < (early[axis] + 1) * stride[axis] ? [lt(tap, constant(window[axis]))] : []),
  ]);
  const axes = [...lead.map((_, axis) => index(axis)), ...places.map(({ at }) => at), ...places.map(({ tap }) => tap)];
  const operands = Array.from({ length: inputs }, (_, number) => input(number));
  const term = substitute(element, operands, axes);
  return tests.length === 0 ? term : select(tests.reduce(both), term, zero);
}

/**
 * out[h, w] = sum over the windows that hold (h, w) of element, in increasing order; candidates that do not hold it are
 * terms +0. Where no two windows overlap an element gets its one term as it is, without a sum.
 */
export function emitWindowSpread(
  context: Lowering,
  windows: Windows,
  { images, results }: WindowOperands,
  element: Expr,
  output: number,
): void {
  const { lead, size, stride, padding } = windows;
  const cover = coverOf(windows);
  const { early, cells, grid } = cover;
  const image = (value: number): Access => {
    const source = placed(context, value, padding, grid);
    const strides = stridesOf(context.type(source).shape);
    const [row, column] = strides.slice(-2);
    const byCell = [stride[0] * row, row, stride[1] * column, column];
    return { value: source, strides: [...strides.slice(0, -2), ...byCell, 0, 0], offset: 0 };
  };
  const result = (value: number): Access => {
    const rows = pair((axis) => cells[axis] + early[axis]);
    const source = placed(context, value, early, rows);
    const strides = stridesOf(context.type(source).shape);
    const [row, column] = strides.slice(-2);
    return { value: source, strides: [...strides.slice(0, -2), row, 0, column, 0, row, column], offset: 0 };
  };
  const inputs = [...images.map(image), ...results.map(result)];
  const expr = spreadTerm(windows, cover, element, inputs.length);
  const { shape, type } = context.type(output);
  const isWhole = grid[0] === size[0] && grid[1] === size[1] && padding[0] === 0 && padding[1] === 0;
  const target = isWhole ? output : context.scratch([...lead, ...grid], type);
  const node = context.node.id;
  const outer = [...lead, cells[0], stride[0], cells[1], stride[1]];
  if (early[0] === 0 && early[1] === 0) {
    const accesses = inputs.map((access) => ({ ...access, strides: access.strides.slice(0, -2) }));
    context.emit({ node, loop: "map", shape: outer, inputs: accesses, outputs: [{ value: target, expr }] });
  } else {
    const reduced = pair((axis) => early[axis] + 1);
    context.emit({ node, loop: "reduce", outer, reduced, inputs, element: expr, combine: "sum", output: target });
  }
  if (isWhole) return;
  const from = { value: target, strides: stridesOf([...lead, ...grid]), offset: padding[0] * grid[1] + padding[1] };
  context.emit({ node, loop: "move", shape, pieces: [{ at: shape.map(() => 0), shape, from }], output });
}
