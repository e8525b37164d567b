/** silu: x times the logistic function of x. */
import { add, constant, type Expr, max, min, mul } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { logistic, logisticSlope } from "./logistic.ts";
import type { Op } from "./op.ts";

/** Below -1000 the logistic function is 0 in float64; a finite factor keeps -Infinity from giving NaN. */
const bounded = (x: Expr): Expr => max(x, constant(-1000));

export const siluOp: Op = elementwise({
  name: "silu",
  doc: "X times the logistic function of x.",
  operands: ["x"],
  value: ([x]) => mul(bounded(x), logistic(x)),
  derivative: ([x]) => [add(logistic(x), mul(min(bounded(x), constant(1000)), logisticSlope(x)))],
});

/** X times the logistic function of x. Broadcasts as NumPy does. */
export function silu(x: Operand): Tensor {
  return call(siluOp, [x]);
}
