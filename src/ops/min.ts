/** min: the smaller of two numbers. */
import { lt, min as minExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { tieKink, winner } from "./extremum.ts";
import type { Op } from "./op.ts";

export const minOp: Op = elementwise({
  name: "min",
  doc: "The smaller of a and b (IEEE 754-2019 minimum: NaN stays, -0 < +0).",
  operands: ["a", "b"],
  integers: true,
  kinks: [tieKink("min.tie", minExpr)],
  value: ([a, b]) => minExpr(a, b),
  derivative: ([a, b]) => winner(lt(a, b), a),
});

/** The smaller of a and b; broadcasts as NumPy does. */
export function min(a: Operand, b: Operand): Tensor {
  return call(minOp, [a, b]);
}
