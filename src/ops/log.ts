/** log: natural logarithm of x. */
import { log as logExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const logOp: Op = elementwise({
  name: "log",
  doc: "Natural logarithm of x.",
  operands: ["x"],
  value: ([x]) => logExpr(x),
});

/** Natural logarithm of x. Broadcasts as NumPy does. */
export function log(x: Operand): Tensor {
  return call(logOp, [x]);
}
