/** tanh: hyperbolic tangent of x. */
import { tanh as tanhExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const tanhOp: Op = elementwise({
  name: "tanh",
  doc: "Hyperbolic tangent of x.",
  operands: ["x"],
  value: ([x]) => tanhExpr(x),
});

/** Hyperbolic tangent of x. Broadcasts as NumPy does. */
export function tanh(x: Operand): Tensor {
  return call(tanhOp, [x]);
}
