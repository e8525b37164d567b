/**
 * Internal op: maxPool2d under `hybrid-forward:B`, the published module (papers/maxpool 2.2): both pools run, and
 * B * minimal + (1 - B) * native is formed with each product and the sum rounded, forward and backward.
 */
import type { Shape } from "../base/shape.ts";
import { add, choice as choiceScalar, type Expr, input, mul, one, sub } from "../ir/expression.ts";
import type { MapLoop } from "../ir/loops.ts";
import { applyExpression } from "./apply-expression.ts";
import { type Maxima, maxPoolTie, type Shares, sharesOf } from "./max-over-windows.ts";
import {
  gatherShares,
  largestTangent,
  maxPool2dOp,
  nanCensus,
  spreadShares,
  tieCensus,
  wholeImage,
} from "./maxPool2d.ts";
import type { Application, Builder, Kink, Op, Options } from "./op.ts";
import { apply } from "./rules.ts";
import { type Windows, windowShape, windowsOf } from "./window.ts";
import { emitWindowReduce } from "./window-loops.ts";
import { windowReduce } from "./window-sums.ts";

/** Those of maxPool2d; of globalMaxPool where there is no window. */
const windowsFor = (x: Shape, options: Options): Windows =>
  (options.window ?? null) === null ? wholeImage("globalMaxPool", x) : windowsOf("maxPool2d", x, options);

function maximaOf(b: Builder, at: Application): Maxima {
  const [x] = at.inputs;
  const { shape, type } = b.type(x);
  const windows = windowsFor(shape, at.options);
  return { windows, x, y: windowReduce(b, windows, { images: [x], results: [], expr: input(0), type }, "max") };
}

/** B * x and (1 - B) * x. */
const parts = (parameter: string): readonly [Expr, Expr] => {
  const beta = choiceScalar(parameter);
  return [mul(beta, input(0)), mul(sub(one, beta), input(0))];
};

interface Mixture {
  readonly parameter: string;
  readonly minimal: Shares;
  readonly native: Shares;
}

/** The kink of a node whose forward has been changed: its derivative must be that of the same choice. */
const mixedTie: Kink = { ...maxPoolTie, rules: ["hybrid-forward:B"], aliases: {}, default: "hybrid-forward:1" };

function mixtureOf(b: Builder, at: Application, maxima: Maxima): Mixture {
  const { parameter } = at.chosen(mixedTie.name);
  const node = at.node.id;
  return { parameter, minimal: sharesOf(b, maxima, "even", node), native: sharesOf(b, maxima, "first", node) };
}

function scaled(b: Builder, value: number, parameter: string): readonly [number, number] {
  const { shape, type } = b.type(value);
  const [first, second] = parts(parameter);
  return [applyExpression(b, [value], first, type, shape), applyExpression(b, [value], second, type, shape)];
}

export const hybridMaxPool2dOp: Op = {
  name: "hybridMaxPool2d",
  doc: "B * m + (1 - B) * m of the maxima m over windows, each product and the sum rounded. Internal.",
  operands: maxPool2dOp.operands,
  options: maxPool2dOp.options.map((option) => ({ ...option, default: option.default ?? null })),
  kinks: [mixedTie],
  infer: ([x], options) => [{ shape: windowShape(windowsFor(x.shape, options)), type: x.type }],
  lower: (context) => {
    const { node, inputs, outputs, type, scratch, read, emit } = context;
    const windows = windowsFor(type(inputs[0]).shape, node.options);
    const { shape, type: element } = type(outputs[0]);
    const maxima = scratch(shape, element);
    const operand = { images: inputs, results: [] };
    emitWindowReduce(context, windows, operand, { element: input(0), combine: "max" }, maxima);
    const products = parts(`${maxPoolTie.name}@${node.id}`).map((expr) => ({ value: scratch(shape, element), expr }));
    const map = (from: readonly number[], to: MapLoop["outputs"]): void =>
      emit({ node: node.id, loop: "map", shape, inputs: from.map((value) => read(value, shape)), outputs: to });
    map([maxima], products);
    map(
      products.map(({ value }) => value),
      [{ value: outputs[0], expr: add(input(0), input(1)) }],
    );
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return [undefined];
    const maxima = maximaOf(b, at);
    const { parameter, minimal, native } = mixtureOf(b, at, maxima);
    const [first, second] = scaled(b, g, parameter);
    const adjoints = [spreadShares(b, maxima, minimal, first), spreadShares(b, maxima, native, second)];
    return [apply(b, "add", adjoints)];
  },
  pushforward: (b, at, [t], oneSided) => {
    if (t === undefined) return [undefined];
    const maxima = maximaOf(b, at);
    if (oneSided) return [largestTangent(b, maxima, t)];
    const { parameter, minimal, native } = mixtureOf(b, at, maxima);
    const [first] = scaled(b, gatherShares(b, maxima, minimal, t), parameter);
    const [, second] = scaled(b, gatherShares(b, maxima, native, t), parameter);
    return [apply(b, "add", [first, second])];
  },
  census: tieCensus(maximaOf),
  nanCensus: nanCensus(maximaOf),
};
