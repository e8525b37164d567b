/** sign: -1, 0 or 1 with the sign of x; zeros keep their sign, NaN stays. Its derivative is 0. */
import { constant, gt, lt, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const signOp: Op = elementwise({
  name: "sign",
  doc: "-1, 0 or 1 with the sign of x; zeros keep their sign, NaN stays. Its derivative is 0.",
  operands: ["x"],
  integers: true,
  value: ([x]) => select(gt(x, zero), one, select(lt(x, zero), constant(-1), x)),
  derivative: () => [zero],
});

/** -1, 0 or 1 with the sign of x; zeros keep their sign, NaN stays. Its derivative is 0. Broadcasts as NumPy does. */
export function sign(x: Operand): Tensor {
  return call(signOp, [x]);
}
