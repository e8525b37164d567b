/** exp: e to the power x. */
import { exp as expExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const expOp: Op = elementwise({
  name: "exp",
  doc: "E to the power x.",
  operands: ["x"],
  value: ([x]) => expExpr(x),
});

/** E to the power x. Broadcasts as NumPy does. */
export function exp(x: Operand): Tensor {
  return call(expOp, [x]);
}
