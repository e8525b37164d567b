/**
 * Internal ops over windows, with which the pools' derivative rules are written: `windowReduce` gives one number per
 * window, `windowSpread`, its adjoint, one number per element. Each is differentiated by the other, to any order.
 */
import { UsageError } from "../base/errors.ts";
import { differentiate, isZero, plus, times } from "../ir/derivative.ts";
import { type Expr, input } from "../ir/expression.ts";
import { expressionFromJson, expressionToJson, substitute } from "../ir/expression-json.ts";
import type { ElementType } from "../ir/loops.ts";
import type { Json } from "../ir/program.ts";
import { compact } from "./apply-expression.ts";
import { isFloatType } from "./infer.ts";
import type { Application, Builder, Lowering, Op, OptionSpec, Options } from "./op.ts";
import { explicit, type Windows, windowOptions, windowShape, windowsOf } from "./window.ts";
import { emitWindowReduce, emitWindowSpread, type WindowOperands } from "./window-loops.ts";

type Combine = "sum" | "max" | "min";

const options: readonly OptionSpec[] = [
  ...windowOptions,
  { name: "shape", type: "integers", doc: "the shape of an image" },
  { name: "images", type: "integer", doc: "how many operands are images; the others have one number per window" },
  { name: "expr", type: "expression", doc: "images at the tap, then results; see ops/window-loops" },
  { name: "type", type: "string", default: "store", doc: "type of the result" },
];

const windowsFrom = (op: string, { shape, ...rest }: Options): Windows => windowsOf(op, shape as number[], rest);

interface Term extends WindowOperands {
  readonly expr: Expr;
  readonly type: ElementType;
}

/** Applies one of the two ops; operands that the expression does not read are left out. */
function applyTerm(b: Builder, op: string, windows: Windows, term: Term, more: Options): number {
  const { used, expr } = compact(term.expr);
  const operands = [...term.images, ...term.results];
  const images = used.filter((place) => place < term.images.length).length;
  const shape = [...windows.lead, ...windows.size];
  const inputs = used.map((place) => operands[place]);
  return b.apply(op, inputs, {
    ...explicit(windows),
    shape,
    images,
    expr: expressionToJson(expr),
    type: term.type,
    ...more,
  })[0];
}

/** One number per window: the sum (or extreme) of an expression over its taps. */
export function windowReduce(b: Builder, windows: Windows, term: Term, combine: Combine = "sum"): number {
  return applyTerm(b, "windowReduce", windows, term, { combine });
}

/** One number per element of an image: the sum of an expression over the windows that hold it. */
export function windowSpread(b: Builder, windows: Windows, term: Term): number {
  return applyTerm(b, "windowSpread", windows, term, {});
}

interface Parts extends WindowOperands {
  readonly windows: Windows;
  readonly expr: Expr;
}

function partsOf(at: Pick<Application, "node" | "inputs">): Parts {
  const { op, options: given } = at.node;
  const images = given.images as number;
  return {
    windows: windowsFrom(op, given),
    images: at.inputs.slice(0, images),
    results: at.inputs.slice(images),
    expr: expressionFromJson(given.expr as Json),
  };
}

/** The expression with `count` operands put in after the images. */
function withImages(expr: Expr, { images, results }: WindowOperands, count: number): Expr {
  const places = [...images, ...results].map((_, place) => input(place < images.length ? place : place + count));
  return substitute(expr, places);
}

/** The tangent of the expression; tangents of images come after the images, those of results last. */
function tangentTerm(b: Builder, at: Application, tangents: readonly (number | undefined)[]): Term | undefined {
  const { images, results, expr } = partsOf(at);
  const own = tangents.map((value, place) => ({ value, place })).filter(({ value }) => value !== undefined);
  const ofImages = own.filter(({ place }) => place < images.length);
  const ordered = [...ofImages, ...own.filter(({ place }) => place >= images.length)];
  const whole = withImages(expr, { images, results }, ofImages.length);
  const at_ = (place: number): number => (place < images.length ? place : place + ofImages.length);
  const tangentAt = (i: number): Expr =>
    input(i < ofImages.length ? images.length + i : images.length + results.length + i);
  const sum = ordered.map(({ place }, i) => times(tangentAt(i), differentiate(whole, at_(place)))).reduce(plus);
  if (isZero(sum)) return undefined;
  const values = ordered.map(({ value }) => value as number);
  return {
    images: [...images, ...values.slice(0, ofImages.length)],
    results: [...results, ...values.slice(ofImages.length)],
    expr: sum,
    type: b.type(at.outputs[0]).type,
  };
}

/** Adjoints of all operands: images by `windowSpread`, results by `windowReduce`, with g beside the kind it is of. */
function adjoints(b: Builder, at: Application, g: number, isImage: boolean): readonly (number | undefined)[] {
  const { windows, images, results, expr } = partsOf(at);
  const whole = isImage ? withImages(expr, { images, results }, 1) : expr;
  const operands = isImage ? { images: [...images, g], results } : { images, results: [...results, g] };
  const cotangent = input(isImage ? images.length : at.inputs.length);
  return at.inputs.map((value, place) => {
    const { type } = b.type(value);
    if (!isFloatType(type)) return undefined;
    const own = place < images.length ? place : place + (isImage ? 1 : 0);
    const slope = times(cotangent, differentiate(whole, own));
    if (isZero(slope)) return undefined;
    const term = { ...operands, expr: slope, type };
    return place < images.length ? windowSpread(b, windows, term) : windowReduce(b, windows, term);
  });
}

/** @throws UsageError for a maximum: it only ever decides, as a constant. */
function checkSum({ node }: Application): void {
  if (node.options.combine === undefined || node.options.combine === "sum") return;
  throw new UsageError(`windowReduce: a ${node.options.combine} has no derivative rule, it is not differentiated`);
}

export const windowReduceOp: Op = {
  name: "windowReduce",
  doc: "Sum, maximum or minimum of an expression over the taps of each window. Internal.",
  operands: ["operands..."],
  options: [...options, { name: "combine", type: "string", default: "sum", doc: "sum, max or min" }],
  kinks: [],
  infer: (_inputs, given) => [
    { shape: windowShape(windowsFrom("windowReduce", given)), type: given.type as ElementType },
  ],
  lower: (context: Lowering) => {
    const { windows, images, results, expr } = partsOf(context);
    const combine = context.node.options.combine as Combine;
    emitWindowReduce(context, windows, { images, results }, { element: expr, combine }, context.outputs[0]);
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return at.inputs.map(() => undefined);
    checkSum(at);
    return adjoints(b, at, g, false);
  },
  pushforward: (b, at, tangents) => {
    if (!isFloatType(b.type(at.outputs[0]).type)) return [undefined];
    if (at.node.options.combine !== "sum") return [undefined];
    const term = tangentTerm(b, at, tangents);
    return [term === undefined ? undefined : windowReduce(b, partsOf(at).windows, term)];
  },
};

export const windowSpreadOp: Op = {
  name: "windowSpread",
  doc: "Sum of an expression over the windows that hold an element, in increasing order. Internal.",
  operands: ["operands..."],
  options,
  kinks: [],
  infer: (_inputs, { shape, type }) => [{ shape: shape as number[], type: type as ElementType }],
  lower: (context: Lowering) => {
    const { windows, images, results, expr } = partsOf(context);
    emitWindowSpread(context, windows, { images, results }, expr, context.outputs[0]);
  },
  pullback: (b, at, [g]) => (g === undefined ? at.inputs.map(() => undefined) : adjoints(b, at, g, true)),
  pushforward: (b, at, tangents) => {
    if (!isFloatType(b.type(at.outputs[0]).type)) return [undefined];
    const term = tangentTerm(b, at, tangents);
    return [term === undefined ? undefined : windowSpread(b, partsOf(at).windows, term)];
  },
};
