/** sub: a - b. */
import { constant, one, sub as subExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const subOp: Op = elementwise({
  name: "sub",
  doc: "A - b.",
  operands: ["a", "b"],
  integers: true,
  value: ([a, b]) => subExpr(a, b),
  derivative: () => [one, constant(-1)],
});

/** A - b. Broadcasts as NumPy does. */
export function sub(a: Operand, b: Operand): Tensor {
  return call(subOp, [a, b]);
}
