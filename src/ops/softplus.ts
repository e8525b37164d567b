/** softplus: log(1 + exp(x)). */
import { abs, add, exp, log1p, max, neg, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { logistic } from "./logistic.ts";
import type { Op } from "./op.ts";

export const softplusOp: Op = elementwise({
  name: "softplus",
  doc: "Log(1 + exp(x)).",
  operands: ["x"],
  value: ([x]) => add(max(x, zero), log1p(exp(neg(abs(x))))),
  derivative: ([x]) => [logistic(x)],
});

/** Log(1 + exp(x)). Broadcasts as NumPy does. */
export function softplus(x: Operand): Tensor {
  return call(softplusOp, [x]);
}
