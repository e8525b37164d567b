/** Maxima over windows. Entries that equal their window's maximum are tied; where it is NaN, its NaNs are. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { constant, type Expr, eq, gt, input, isNan, select, zero } from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { Tensor } from "../ir/trace.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import {
  chosenShares,
  countMaxima,
  isMaximumOf,
  type Maxima,
  maxPoolTie,
  type Shares,
  tapOfMaximum,
} from "./max-over-windows.ts";
import type { Application, Builder, Op, OptionSpec, Options } from "./op.ts";
import { apply } from "./rules.ts";
import type { Pair } from "./size.ts";
import { sizeOfImage, tapNumber, type Windows, windowOptions, windowShape, windowsOf } from "./window.ts";
import { emitWindowReduce } from "./window-loops.ts";
import { windowReduce, windowSpread } from "./window-sums.ts";

const operands = (count: number, from: number): Expr[] => Array.from({ length: count }, (_, i) => input(from + i));

/** Hands a number per window to its entries. */
export function spreadShares(b: Builder, { windows, x }: Maxima, shares: Shares, g: number): number {
  const { images, results, share } = shares;
  const [own, others] = [operands(images.length, 0), operands(results.length, images.length)];
  const expr = share(own, others, input(images.length + results.length));
  return windowSpread(b, windows, { images, results: [...results, g], expr, type: b.type(x).type });
}

/** Sums what a window's entries keep of a number per entry. */
export function gatherShares(b: Builder, { windows, x }: Maxima, shares: Shares, t: number): number {
  const { images, results, share } = shares;
  const [own, others] = [operands(images.length, 0), operands(results.length, images.length + 1)];
  const expr = share(own, others, input(images.length));
  return windowReduce(b, windows, { images: [...images, t], results, expr, type: b.type(x).type });
}

/** The one-sided derivative: the largest tangent among the maxima, differentiated as the first entry that has it. */
export function largestTangent(b: Builder, { windows, x, y }: Maxima, t: number): number {
  const { type } = b.type(x);
  const top = isMaximumOf(input(0), input(2));
  const among = select(top, input(1), constant(-Infinity));
  const largest = windowReduce(b, windows, { images: [x, t], results: [y], expr: among, type }, "max");
  const holds = select(top, eq(input(1), input(3)), zero);
  const first = select(holds, tapNumber(windows), constant(Infinity));
  const tap = windowReduce(b, windows, { images: [x, t], results: [y, largest], expr: first, type: "float32" }, "min");
  const expr = select(eq(input(1), tapNumber(windows)), input(0), zero);
  return windowReduce(b, windows, { images: [t], results: [tap], expr, type });
}

/** Windows with more than one maximum, and the windows whose maximum is NaN. */
export const tieCensus =
  (maximaOf: (b: Builder, at: Application) => Maxima): NonNullable<Op["census"]> =>
  (b, at) =>
    apply(b, "count", [countMaxima(b, maximaOf(b, at))], { expr: expressionToJson(gt(input(0), constant(1))) });

export const nanCensus =
  (maximaOf: (b: Builder, at: Application) => Maxima): NonNullable<Op["nanCensus"]> =>
  (b, at) =>
    apply(b, "count", [maximaOf(b, at).y], { expr: expressionToJson(isNan(input(0))) });

interface MaxPool {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly OptionSpec[];
  readonly windows: (x: Shape, options: Options) => Windows;
}

function maxPool({ name, doc, options, windows }: MaxPool): Op {
  const maximaOf = (b: Builder, at: Application): Maxima => {
    const [x] = at.inputs;
    return { windows: windows(b.type(x).shape, at.options), x, y: at.outputs[0] };
  };
  return {
    name,
    doc,
    operands: ["x"],
    options,
    kinks: [maxPoolTie],
    infer: ([x], given) => [{ shape: windowShape(windows(x.shape, given)), type: floatTypeOf(name, [x]) }],
    lower: (context) => {
      const geometry = windows(context.type(context.inputs[0]).shape, context.node.options);
      const operand = { images: context.inputs, results: [] };
      emitWindowReduce(context, geometry, operand, { element: input(0), combine: "max" }, context.outputs[0]);
    },
    pullback: (b, at, [g]) => {
      if (g === undefined) return [undefined];
      const maxima = maximaOf(b, at);
      return [spreadShares(b, maxima, chosenShares(b, maxima, at), g)];
    },
    pushforward: (b, at, [t], oneSided) => {
      if (t === undefined) return [undefined];
      const maxima = maximaOf(b, at);
      return [oneSided ? largestTangent(b, maxima, t) : gatherShares(b, maxima, chosenShares(b, maxima, at), t)];
    },
    census: tieCensus(maximaOf),
    nanCensus: nanCensus(maximaOf),
    ties: (b, at) => {
      const maxima = maximaOf(b, at);
      return { count: countMaxima(b, maxima), first: tapOfMaximum(b, maxima, "first", "int32"), value: maxima.y };
    },
  };
}

export const maxPool2dOp: Op = maxPool({
  name: "maxPool2d",
  doc: "Maxima over windows of the last two axes (IEEE 754-2019 maximum: NaN stays, -0 < +0); padding is absent.",
  options: windowOptions,
  windows: (x, options) => windowsOf("maxPool2d", x, options),
});

/** One window: the whole image. */
export function wholeImage(op: string, x: Shape): Windows {
  const size: Pair = sizeOfImage(op, x);
  if (size.includes(0)) throw new ShapeError(`${op}: x ${showShape(x)} has no pixels, expected one or more`);
  return windowsOf(op, x, { window: [...size], stride: null, padding: 0 });
}

export const globalMaxPoolOp: Op = maxPool({
  name: "globalMaxPool",
  doc: "The maximum of each image: x [..., height, width] to [..., 1, 1].",
  options: [],
  windows: (x) => wholeImage("globalMaxPool", x),
});

/** A whole number or [height, width]. */
export type Size = number | readonly [number, number];

export interface WindowSpec {
  readonly window: Size;
  /** Default: the window. */
  readonly stride?: Size;
  /** Default 0. */
  readonly padding?: Size;
}

/** Maxima over windows of x [..., height, width]; padding never wins. @throws ShapeError */
export function maxPool2d(x: Operand, { window, stride, padding = 0 }: WindowSpec): Tensor {
  return call(maxPool2dOp, [x], { window, stride: stride ?? null, padding });
}

/** The maximum of each image: x [..., height, width] to [..., 1, 1]. @throws ShapeError */
export function globalMaxPool(x: Operand): Tensor {
  return call(globalMaxPoolOp, [x]);
}
