/** add: a + b. */
import { add as addExpr, one } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const addOp: Op = elementwise({
  name: "add",
  doc: "A + b.",
  operands: ["a", "b"],
  integers: true,
  value: ([a, b]) => addExpr(a, b),
  derivative: () => [one, one],
});

/** A + b. Broadcasts as NumPy does. */
export function add(a: Operand, b: Operand): Tensor {
  return call(addOp, [a, b]);
}
