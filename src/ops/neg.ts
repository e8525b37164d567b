/** neg: -x. */
import { constant, neg as negExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const negOp: Op = elementwise({
  name: "neg",
  doc: "-x.",
  operands: ["x"],
  integers: true,
  value: ([x]) => negExpr(x),
  derivative: () => [constant(-1)],
});

/** -x. Broadcasts as NumPy does. */
export function neg(x: Operand): Tensor {
  return call(negOp, [x]);
}
