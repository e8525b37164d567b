/** clamp: x between two bounds, which are rounded to the format of x. */
import { UsageError } from "../base/errors.ts";
import { type Expr, eq, gt, lt, max, min, one, option, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op, Options } from "./op.ts";

const lowOf = ({ low }: Options): Expr => option(low as number);
const highOf = ({ high }: Options): Expr => option(high as number);

export const clampOp: Op = elementwise({
  name: "clamp",
  doc: "X between two bounds, which are rounded to the format of x.",
  operands: ["x"],
  options: [
    { name: "low", type: "number", default: -Infinity, doc: "lower bound" },
    { name: "high", type: "number", default: Infinity, doc: "upper bound" },
  ],
  integers: true,
  check: ({ low, high }) => {
    if (!((low as number) <= (high as number))) {
      throw new UsageError(`clamp: low ${low} and high ${high}, expected low <= high`);
    }
  },
  kinks: [
    sideKink({
      name: "clamp.low",
      where: "x == low as rounded to the format",
      slopes: ["0", "1"],
      default: 1,
      on: ([x], options) => eq(x, lowOf(options)),
      left: () => zero,
      right: () => one,
    }),
    sideKink({
      name: "clamp.high",
      where: "x == high as rounded to the format",
      slopes: ["1", "0"],
      default: 1,
      on: ([x], options) => eq(x, highOf(options)),
      left: () => one,
      right: () => zero,
    }),
  ],
  value: ([x], options) => min(max(x, lowOf(options)), highOf(options)),
  derivative: ([x], options) => [select(lt(x, lowOf(options)), zero, select(gt(x, highOf(options)), zero, one))],
});

/** X between two bounds, which are rounded to the format of x. */
export function clamp(x: Operand, low: number = -Infinity, high: number = Infinity): Tensor {
  return call(clampOp, [x], { low, high });
}
