/** leakyRelu: x where x > 0, slope * x elsewhere. */
import { type Expr, eq, gt, isNan, mul, one, option, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op, Options } from "./op.ts";

const slopeOf = ({ slope }: Options): Expr => option(slope as number);

export const leakyReluOp: Op = elementwise({
  name: "leakyRelu",
  doc: "X where x > 0, slope * x elsewhere.",
  operands: ["x"],
  options: [{ name: "slope", type: "number", default: 0.01, doc: "slope below 0" }],
  kinks: [
    sideKink({
      name: "leakyRelu.zero",
      where: "x == 0",
      slopes: ["slope", "1"],
      rules: ["left", "right"],
      default: "left",
      on: ([x]) => eq(x, zero),
      left: slopeOf,
      right: () => one,
    }),
  ],
  value: ([x], options) => select(gt(x, zero), x, mul(x, slopeOf(options))),
  derivative: ([x], options) => [select(gt(x, zero), one, select(isNan(x), one, slopeOf(options)))],
});

/** X where x > 0, slope * x elsewhere. */
export function leakyRelu(x: Operand, slope = 0.01): Tensor {
  return call(leakyReluOp, [x], { slope });
}
