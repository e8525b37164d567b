/** hardsigmoid: x / 6 + 1 / 2 between 0 and 1. */
import { add, constant, div, eq, gt, lt, max, min, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

const sixth = constant(1 / 6);

export const hardsigmoidOp: Op = elementwise({
  name: "hardsigmoid",
  doc: "X / 6 + 1 / 2 between 0 and 1.",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "hardsigmoid.low",
      where: "x == -3",
      slopes: ["0", "1/6"],
      default: 0,
      on: ([x]) => eq(x, constant(-3)),
      left: () => zero,
      right: () => sixth,
    }),
    sideKink({
      name: "hardsigmoid.high",
      where: "x == 3",
      slopes: ["1/6", "0"],
      default: 0,
      on: ([x]) => eq(x, constant(3)),
      left: () => sixth,
      right: () => zero,
    }),
  ],
  value: ([x]) => div(min(max(add(x, constant(3)), zero), constant(6)), constant(6)),
  derivative: ([x]) => [select(lt(x, constant(-3)), zero, select(gt(x, constant(3)), zero, sixth))],
});

/** X / 6 + 1 / 2 between 0 and 1. */
export function hardsigmoid(x: Operand): Tensor {
  return call(hardsigmoidOp, [x]);
}
