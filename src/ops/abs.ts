/** abs: magnitude of x. */
import { abs as absExpr, constant, eq, lt, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const absOp: Op = elementwise({
  name: "abs",
  doc: "Magnitude of x.",
  operands: ["x"],
  integers: true,
  kinks: [
    sideKink({
      name: "abs.zero",
      where: "x == 0",
      slopes: ["-1", "1"],
      default: 0,
      on: ([x]) => eq(x, zero),
      left: () => constant(-1),
      right: () => one,
    }),
  ],
  value: ([x]) => absExpr(x),
  derivative: ([x]) => [select(lt(x, zero), constant(-1), one)],
});

/** Magnitude of x. */
export function abs(x: Operand): Tensor {
  return call(absOp, [x]);
}
