/** Applies an expression as the internal op "elementwise": how derivative rules write scalar code. */
import { type Shape, sameShape } from "../base/shape.ts";
import { type Expr, visit } from "../ir/expression.ts";
import { expressionToJson, substitute } from "../ir/expression-json.ts";
import type { ElementType } from "../ir/loops.ts";
import type { Builder } from "./op.ts";

/** The inputs that an expression reads, in order, and the expression over them alone. */
export function compact(root: Expr): { readonly used: readonly number[]; readonly expr: Expr } {
  const read = new Set<number>();
  visit(root, (e) => {
    if (e.kind === "input") read.add(e.input);
  });
  const used = [...read].sort((a, b) => a - b);
  const places: Expr[] = [];
  used.forEach((original, place) => {
    places[original] = { kind: "input", input: place };
  });
  return { used, expr: substitute(root, places) };
}

/**
 * expr over `inputs` (broadcast against each other), rounded once to `type`; `shape` is that of the result. A bare input
 * is handed on as it is.
 */
export function applyExpression(
  b: Builder,
  inputs: readonly number[],
  root: Expr,
  type: ElementType,
  shape: Shape,
): number {
  const { used, expr } = compact(root);
  const operands = used.map((place) => inputs[place]);
  const bare = expr.kind === "input" && b.type(operands[0]).type === type;
  const value = bare ? operands[0] : b.apply("elementwise", operands, { expr: expressionToJson(expr), type })[0];
  return sameShape(b.type(value).shape, shape) ? value : b.apply("broadcast", [value], { shape })[0];
}

/** The adjoint of a broadcast: sums `value` down to `shape`. */
export function sumTo(b: Builder, value: number, shape: Shape): number {
  const from = b.type(value).shape;
  if (sameShape(from, shape)) return value;
  const lead = from.length - shape.length;
  const axes = [...from.keys()].filter((axis) => axis < lead || (shape[axis - lead] === 1 && from[axis] !== 1));
  const summed = b.apply("sum", [value], { axes, keepDims: false })[0];
  return sameShape(b.type(summed).shape, shape) ? summed : b.apply("reshape", [summed], { shape })[0];
}
