/** div: a / b. */
import { div as divExpr, neg, one } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const divOp: Op = elementwise({
  name: "div",
  doc: "A / b.",
  operands: ["a", "b"],
  integers: true,
  value: ([a, b]) => divExpr(a, b),
  derivative: ([a, b]) => [divExpr(one, b), neg(divExpr(divExpr(a, b), b))],
});

/** A / b. Broadcasts as NumPy does. */
export function div(a: Operand, b: Operand): Tensor {
  return call(divOp, [a, b]);
}
