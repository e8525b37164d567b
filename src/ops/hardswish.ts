/** hardswish: 0 below -3, x above 3, x (x + 3) / 6 between. */
import { add, constant, div, eq, ge, gt, le, lt, mul, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const hardswishOp: Op = elementwise({
  name: "hardswish",
  doc: "0 below -3, x above 3, x (x + 3) / 6 between.",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "hardswish.low",
      where: "x == -3",
      slopes: ["0", "-0.5"],
      default: -0.5,
      on: ([x]) => eq(x, constant(-3)),
      left: () => zero,
      right: () => constant(-0.5),
    }),
    sideKink({
      name: "hardswish.high",
      where: "x == 3",
      slopes: ["1.5", "1"],
      default: 1.5,
      on: ([x]) => eq(x, constant(3)),
      left: () => constant(1.5),
      right: () => one,
    }),
  ],
  value: ([x]) => {
    const middle = div(mul(x, add(x, constant(3))), constant(6));
    return select(le(x, constant(-3)), zero, select(ge(x, constant(3)), x, middle));
  },
  derivative: ([x]) => {
    const middle = div(add(add(x, x), constant(3)), constant(6));
    return [select(lt(x, constant(-3)), zero, select(gt(x, constant(3)), one, middle))];
  },
});

/** 0 below -3, x above 3, x (x + 3) / 6 between. */
export function hardswish(x: Operand): Tensor {
  return call(hardswishOp, [x]);
}
