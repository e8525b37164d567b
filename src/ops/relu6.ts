/** relu6: x between 0 and 6. */
import { constant, eq, gt, lt, max, min, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const relu6Op: Op = elementwise({
  name: "relu6",
  doc: "X between 0 and 6.",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "relu6.zero",
      where: "x == 0",
      slopes: ["0", "1"],
      default: 0,
      on: ([x]) => eq(x, zero),
      left: () => zero,
      right: () => one,
    }),
    sideKink({
      name: "relu6.six",
      where: "x == 6",
      slopes: ["1", "0"],
      default: 0,
      on: ([x]) => eq(x, constant(6)),
      left: () => one,
      right: () => zero,
    }),
  ],
  value: ([x]) => min(max(x, zero), constant(6)),
  derivative: ([x]) => [select(lt(x, zero), zero, select(gt(x, constant(6)), zero, one))],
});

/** X between 0 and 6. */
export function relu6(x: Operand): Tensor {
  return call(relu6Op, [x]);
}
