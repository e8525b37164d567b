/** erf: the error function of x. */
import { erf as erfExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const erfOp: Op = elementwise({
  name: "erf",
  doc: "The error function of x.",
  operands: ["x"],
  value: ([x]) => erfExpr(x),
});

/** The error function of x. Broadcasts as NumPy does. */
export function erf(x: Operand): Tensor {
  return call(erfOp, [x]);
}
