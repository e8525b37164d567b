/** sqrt: square root of x. */
import { constant, div, eq, sqrt as sqrtExpr, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const sqrtOp: Op = elementwise({
  name: "sqrt",
  doc: "Square root of x.",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "sqrt.zero",
      where: "x == 0",
      slopes: ["NaN", "Infinity"],
      rules: ["Infinity"],
      default: "Infinity",
      on: ([x]) => eq(x, zero),
      left: () => constant(Number.NaN),
      right: () => constant(Infinity),
      named: { Infinity: constant(Infinity) },
    }),
  ],
  value: ([x]) => sqrtExpr(x),
  derivative: ([x]) => [div(constant(0.5), sqrtExpr(x))],
});

/** Square root of x. */
export function sqrt(x: Operand): Tensor {
  return call(sqrtOp, [x]);
}
