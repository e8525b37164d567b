/** Euclidean norms over windows (papers/maxpool 2.4): the kink is at the computed norm 0. */
import { UsageError, unknown } from "../base/errors.ts";
import { times } from "../ir/derivative.ts";
import {
  choice as choiceScalar,
  constant,
  div,
  type Expr,
  eq,
  input,
  mul,
  select,
  sqrt,
  zero,
} from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { WindowSpec } from "./maxPool2d.ts";
import type { Application, Builder, Kink, Lowering, Op, Options } from "./op.ts";
import { apply, unaryPullback } from "./rules.ts";
import { type Windows, windowOptions, windowShape, windowsOf } from "./window.ts";
import { emitWindowReduce } from "./window-loops.ts";
import { windowReduce, windowSpread } from "./window-sums.ts";

const atZero: Kink = {
  name: "normPool.zero",
  where: "computed norm == 0",
  slopes: ["-|t|", "|t|"],
  rules: [],
  number: true,
  overwrite: false,
  default: 0,
};

const squareForms = ["rounded", "accumulated"] as const;
type Squares = (typeof squareForms)[number];

const square: Expr = mul(input(0), input(0));

function squaresOf(options: Options): Squares {
  const found = squareForms.find((form) => form === options.squares);
  if (found === undefined) throw unknown("squares of normPool", String(options.squares), squareForms);
  return found;
}

/** sqrt of the sum of squares, which are rounded to the type of x first, or only to the accumulate format. */
function lowerNorm(context: Lowering, windows: Windows, squares: Squares): void {
  const { node, inputs, outputs, type, scratch, read, emit } = context;
  const { shape, type: element } = type(inputs[0]);
  let terms = { value: inputs[0], expr: square };
  if (squares === "rounded") {
    const value = scratch(shape, element);
    emit({ node: node.id, loop: "map", shape, inputs: [read(inputs[0], shape)], outputs: [{ value, expr: square }] });
    terms = { value, expr: input(0) };
  }
  const sum = { element: terms.expr, combine: "sum", finish: sqrt(input(0)) } as const;
  emitWindowReduce(context, windows, { images: [terms.value], results: [] }, sum, outputs[0]);
}

const windowsFor = (b: Builder, at: Application): Windows =>
  windowsOf("normPool", b.type(at.inputs[0]).shape, at.options);

/** `number` times the derivative of the norm y by the entry x. */
function scaled(x: Expr, y: Expr, number: Expr, parameter: string): Expr {
  return select(eq(y, zero), times(number, choiceScalar(parameter)), mul(number, div(x, y)));
}

/** The one-sided derivative at the norm 0: the norm of the tangent. */
function normOfTangent(b: Builder, at: Application, t: number): number {
  const windows = windowsFor(b, at);
  const [[x], [y]] = [at.inputs, at.outputs];
  const { shape, type } = b.type(y);
  const [length] = b.apply("normPool", [t], at.options);
  const terms = select(eq(input(2), zero), zero, mul(input(1), div(input(0), input(2))));
  const away = windowReduce(b, windows, { images: [x, t], results: [y], expr: terms, type });
  return applyExpression(b, [y, length, away], select(eq(input(0), zero), input(1), input(2)), type, shape);
}

export const normPoolOp: Op = {
  name: "normPool",
  doc: "Euclidean norms over windows of the last two axes; an entry's derivative where the computed norm is 0 is a choice.",
  operands: ["x"],
  options: [
    ...windowOptions,
    {
      name: "squares",
      type: "string",
      default: "rounded",
      doc: "rounded to the type of x, or accumulated as they are",
    },
  ],
  kinks: [atZero],
  infer: ([x], options) => {
    squaresOf(options);
    return [{ shape: windowShape(windowsOf("normPool", x.shape, options)), type: floatTypeOf("normPool", [x]) }];
  },
  lower: (context) => {
    const windows = windowsOf("normPool", context.type(context.inputs[0]).shape, context.node.options);
    lowerNorm(context, windows, squaresOf(context.node.options));
  },
  pullback: unaryPullback((b, at, g) => {
    const [[x], [y]] = [at.inputs, at.outputs];
    const { choice, parameter } = at.chosen(atZero.name);
    if (typeof choice !== "number") throw new UsageError(`normPool.zero: choice ${String(choice)}, expected a number`);
    const expr = scaled(input(0), input(1), input(2), parameter);
    return windowSpread(b, windowsFor(b, at), { images: [x], results: [y, g], expr, type: b.type(x).type });
  }),
  pushforward: (b, at, [t], oneSided) => {
    if (t === undefined) return [undefined];
    if (oneSided) return [normOfTangent(b, at, t)];
    const [[x], [y]] = [at.inputs, at.outputs];
    const expr = scaled(input(0), input(2), input(1), at.chosen(atZero.name).parameter);
    return [windowReduce(b, windowsFor(b, at), { images: [x, t], results: [y], expr, type: b.type(y).type })];
  },
  census: (b, at) => apply(b, "count", at.outputs, { expr: expressionToJson(eq(input(0), constant(0))) }),
};

export interface NormPoolSpec extends WindowSpec {
  /** Squares are rounded to the type of x before they are summed (default), or only to the accumulate format. */
  readonly squares?: Squares;
}

/** Euclidean norms over windows of x [..., height, width]. @throws ShapeError */
export function normPool(x: Operand, { window, stride, padding = 0, squares = "rounded" }: NormPoolSpec): Tensor {
  return call(normPoolOp, [x], { window, stride: stride ?? null, padding, squares });
}
