/** hardtanh: x between -1 and 1. */
import { constant, eq, gt, lt, max, min, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const hardtanhOp: Op = elementwise({
  name: "hardtanh",
  doc: "X between -1 and 1.",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "hardtanh.low",
      where: "x == -1",
      slopes: ["0", "1"],
      default: 0,
      on: ([x]) => eq(x, constant(-1)),
      left: () => zero,
      right: () => one,
    }),
    sideKink({
      name: "hardtanh.high",
      where: "x == 1",
      slopes: ["1", "0"],
      default: 0,
      on: ([x]) => eq(x, one),
      left: () => one,
      right: () => zero,
    }),
  ],
  value: ([x]) => min(max(x, constant(-1)), one),
  derivative: ([x]) => [select(lt(x, constant(-1)), zero, select(gt(x, one), zero, one))],
});

/** X between -1 and 1. */
export function hardtanh(x: Operand): Tensor {
  return call(hardtanhOp, [x]);
}
