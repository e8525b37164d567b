/** Formulas of update rules: scalar expressions of tensors, evaluated in float64 and rounded once where they are stored. */
import type { Shape } from "../../base/shape.ts";
import { both, constant, type Expr, gt, input, mul, select, sqrt } from "../../ir/expression.ts";
import { expressionToJson } from "../../ir/expression-json.ts";
import type { ElementType } from "../../ir/loops.ts";
import type { Tensor } from "../../ir/trace.ts";
import { call } from "../../ops/call.ts";
import { elementwiseOp } from "../../ops/elementwise-expression.ts";
import { sumOfOp } from "../../ops/sum-of.ts";

/** An expression of tensors that broadcast against each other; scalars have shape []. */
export interface Formula {
  readonly of: readonly Tensor[];
  readonly expr: Expr;
}

/** `formula([w, g], (w, g) => sub(w, g))`. */
export function formula(of: readonly Tensor[], write: (...terms: readonly Expr[]) => Expr): Formula {
  return { of, expr: write(...of.map((_, place) => input(place))) };
}

/** A formula of the value of another one and of further tensors. */
export function extended(
  inner: Formula,
  more: readonly Tensor[],
  write: (value: Expr, ...terms: readonly Expr[]) => Expr,
): Formula {
  const terms = more.map((_, place) => input(inner.of.length + place));
  return { of: [...inner.of, ...more], expr: write(inner.expr, ...terms) };
}

/** The elements, as one map loop. */
export function elementsOf({ of, expr }: Formula, type: ElementType): Tensor {
  return call(elementwiseOp, of, { expr: expressionToJson(expr), type });
}

/** The scalars of a rule (rates, ratios) are float64 in every precision. */
export function scalarOf(of: readonly Tensor[], write: (...terms: readonly Expr[]) => Expr): Tensor {
  return elementsOf(formula(of, write), "float64");
}

/** Sums over axes in the accumulate format; elements are not stored, axes are kept with extent 1. */
export function sumOver({ of, expr }: Formula, shape: Shape, axes: readonly number[]): Tensor {
  const options = { expr: expressionToJson(expr), axes: [...axes], shape: [...shape], type: "accumulate" };
  return call(sumOfOp, of, options);
}

/**
 * The sum of all elements, of shape [1, ...]. The first axis is summed first, column by column, then the columns: many short sums
 * that need not wait for each other.
 */
export function sumOfAll(terms: Formula, shape: Shape): Tensor {
  const columns = sumOver(terms, shape, [0]);
  const rest = [...shape.keys()].slice(1);
  if (rest.length === 0) return columns;
  return sumOver(
    formula([columns], (column) => column),
    columns.shape,
    rest,
  );
}

export function squareSum({ of, expr }: Formula, shape: Shape): Tensor {
  return sumOfAll({ of, expr: mul(expr, expr) }, shape);
}

/** `ratio` of the norms whose squares are a and b; 1 where one of them is 0. */
export function unlessZero(a: Expr, b: Expr, ratio: (a: Expr, b: Expr) => Expr): Expr {
  return select(both(gt(a, constant(0)), gt(b, constant(0))), ratio(sqrt(a), sqrt(b)), constant(1));
}
