/** Euclidean norm over axes as one op: its kink is at the computed norm 0. */

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
import type { Application, Builder, Kink, Op } from "./op.ts";
import { apply, reshapeTo, unaryPullback } from "./rules.ts";
import { emitSum, keptDims, reducedShape, reductionOptions } from "./sum.ts";

const atZero: Kink = {
  name: "l2norm.zero",
  where: "norm == 0",
  slopes: ["-|t|", "|t|"],
  rules: ["NaN"],
  number: true,
  overwrite: false,
  default: 0,
};

/** `value` times the derivative of the norm y by the entry x; inputs are (x, y, value). */
function scaled(atKink: Expr): Expr {
  return select(eq(input(1), zero), atKink, mul(input(2), div(input(0), input(1))));
}

function chosenAtZero(at: Application): Expr {
  const { choice, parameter } = at.chosen(atZero.name);
  return choice === "NaN" ? constant(NaN) : times(input(2), choiceScalar(parameter));
}

function normKept(b: Builder, at: Application): number {
  return keptDims(b, "l2norm", at.outputs[0], b.type(at.inputs[0]).shape, at.options);
}

export const l2normOp: Op = {
  name: "l2norm",
  doc: "sqrt(sum(x^2)) over axes: squares rounded to the accumulate format, blocked sum, square root, one rounding.",
  operands: ["x"],
  options: reductionOptions,
  kinks: [atZero],
  infer: ([x], options) => [{ shape: reducedShape("l2norm", x.shape, options), type: floatTypeOf("l2norm", [x]) }],
  lower: (context) => emitSum(context, mul(input(0), input(0)), () => sqrt(input(0))),
  pullback: unaryPullback((b, at, g, shape) => {
    const inputs = [at.inputs[0], normKept(b, at), keptDims(b, "l2norm", g, shape, at.options)];
    return applyExpression(b, inputs, scaled(chosenAtZero(at)), b.type(g).type, shape);
  }),
  pushforward: (b, at, [t], oneSided) => {
    if (t === undefined) return [undefined];
    const [x] = at.inputs;
    const { shape, type } = b.type(x);
    const expr = scaled(oneSided ? zero : chosenAtZero(at));
    const terms = applyExpression(b, [x, normKept(b, at), t], expr, type, shape);
    const [y] = at.outputs;
    const result = reshapeTo(b, apply(b, "sum", [terms], { axes: at.options.axes }), b.type(y).shape);
    if (!oneSided) return [result];
    const [length] = b.apply("l2norm", [t], at.options);
    const expected = select(eq(input(0), zero), input(1), input(2));
    return [applyExpression(b, [y, length, result], expected, type, b.type(y).shape)];
  },
  census: (b, at) => apply(b, "count", at.outputs, { expr: expressionToJson(eq(input(0), zero)) }),
};

/** Euclidean norm over axes. @param axes All axes unless given. */
export function l2norm(x: Operand, axes: readonly number[] | null = null, keepDims: boolean = false): Tensor {
  return call(l2normOp, [x], { axes, keepDims });
}
