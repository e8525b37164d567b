/** relu: the larger of x and 0; NaN stays. */
import { eq, lt, max, one, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

export const reluOp: Op = elementwise({
  name: "relu",
  doc: "The larger of x and 0; NaN stays.",
  operands: ["x"],
  countsNan: true,
  kinks: [
    sideKink({
      name: "relu.zero",
      where: "x == 0",
      slopes: ["0", "1"],
      overwrite: true,
      default: 0,
      on: ([x]) => eq(x, zero),
      left: () => zero,
      right: () => one,
    }),
  ],
  value: ([x]) => max(x, zero),
  // A NaN passes the gradient.
  derivative: ([x]) => [select(lt(x, zero), zero, one)],
});

/** The larger of x and 0; NaN stays. */
export function relu(x: Operand): Tensor {
  return call(reluOp, [x]);
}
