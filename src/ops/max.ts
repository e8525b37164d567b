/** max: the larger of two numbers. */
import { gt, max as maxExpr } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { tieKink, winner } from "./extremum.ts";
import type { Op } from "./op.ts";

export const maxOp: Op = elementwise({
  name: "max",
  doc: "The larger of a and b (IEEE 754-2019 maximum: NaN stays, -0 < +0).",
  operands: ["a", "b"],
  integers: true,
  kinks: [tieKink("max.tie", maxExpr)],
  value: ([a, b]) => maxExpr(a, b),
  derivative: ([a, b]) => winner(gt(a, b), a),
});

/** The larger of a and b; broadcasts as NumPy does. */
export function max(a: Operand, b: Operand): Tensor {
  return call(maxOp, [a, b]);
}
