/** elu: x where x > 0, alpha * (exp(x) - 1) elsewhere. */
import { type Expr, eq, exp, expm1, gt, mul, one, option, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op, Options } from "./op.ts";

const alphaOf = ({ alpha }: Options): Expr => option(alpha as number);

export const eluOp: Op = elementwise({
  name: "elu",
  doc: "X where x > 0, alpha * (exp(x) - 1) elsewhere.",
  operands: ["x"],
  options: [{ name: "alpha", type: "number", default: 1, doc: "limit at -Infinity, and slope left of 0" }],
  kinks: [
    sideKink({
      name: "elu.zero",
      where: "x == 0 (for alpha != 1)",
      slopes: ["alpha", "1"],
      rules: ["left", "right"],
      default: "left",
      applies: ({ alpha }) => alpha !== 1,
      on: ([x]) => eq(x, zero),
      left: alphaOf,
      right: () => one,
    }),
  ],
  value: ([x], options) => select(gt(x, zero), x, mul(alphaOf(options), expm1(x))),
  derivative: ([x], options) => [select(gt(x, zero), one, mul(alphaOf(options), exp(x)))],
});

/** X where x > 0, alpha * (exp(x) - 1) elsewhere. */
export function elu(x: Operand, alpha = 1): Tensor {
  return call(eluOp, [x], { alpha });
}
