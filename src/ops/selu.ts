/** selu: scaled exponential linear unit (Klambauer et al. 2017). */
import { constant, eq, exp, expm1, gt, mul, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { sideKink } from "./elementwise-kink.ts";
import type { Op } from "./op.ts";

const scale = 1.0507009873554805;
const alpha = 1.6732632423543772;

export const seluOp: Op = elementwise({
  name: "selu",
  doc: "Scaled exponential linear unit (Klambauer et al. 2017).",
  operands: ["x"],
  kinks: [
    sideKink({
      name: "selu.zero",
      where: "x == 0",
      slopes: ["1.7580993408473766", "1.0507009873554805"],
      rules: ["left", "right"],
      default: "left",
      on: ([x]) => eq(x, zero),
      left: () => constant(scale * alpha),
      right: () => constant(scale),
    }),
  ],
  value: ([x]) => select(gt(x, zero), mul(constant(scale), x), mul(constant(scale * alpha), expm1(x))),
  derivative: ([x]) => [select(gt(x, zero), constant(scale), mul(constant(scale * alpha), exp(x)))],
});

/** Scaled exponential linear unit (Klambauer et al. 2017). */
export function selu(x: Operand): Tensor {
  return call(seluOp, [x]);
}
