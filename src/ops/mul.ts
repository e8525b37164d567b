/** mul: a * b. */
import { mul as mulExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const mulOp: Op = elementwise({
  name: "mul",
  doc: "A * b.",
  operands: ["a", "b"],
  integers: true,
  value: ([a, b]) => mulExpr(a, b),
  derivative: ([a, b]) => [b, a],
});

/** A * b. Broadcasts as NumPy does. */
export function mul(a: Operand, b: Operand): Tensor {
  return call(mulOp, [a, b]);
}
