/** where: one of two values by a test. */
import { one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { promote } from "./infer.ts";
import type { Op } from "./op.ts";

export const whereOp: Op = elementwise({
  name: "where",
  doc: "a where the test is not 0, b elsewhere. The test is a constant for derivatives.",
  operands: ["test", "a", "b"],
  type: ([, a, b]) => promote("where", [a, b]),
  value: ([test, a, b]) => select(test, a, b),
  derivative: ([test]) => [zero, select(test, one, zero), select(test, zero, one)],
});

/** a where `test` is not 0, b elsewhere; broadcasts as NumPy does. */
export function where(test: Operand, a: Operand, b: Operand): Tensor {
  return call(whereOp, [test, a, b]);
}
