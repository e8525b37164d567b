/** pow: a to the power b. */

import { powSlopes } from "../ir/derivative.ts";
import { pow as powExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const powOp: Op = elementwise({
  name: "pow",
  doc: "a to the power b, with the special cases of IEEE 754 pow.",
  operands: ["a", "b"],
  value: ([a, b]) => powExpr(a, b),
  derivative: ([a, b]) => powSlopes(a, b, powExpr(a, b)),
});

/** a to the power b; broadcasts as NumPy does. The derivative of a to the power 0 is 0. */
export function pow(a: Operand, b: Operand): Tensor {
  return call(powOp, [a, b]);
}
