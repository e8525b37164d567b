/** gelu: x times the standard normal distribution function of x (by erfc). */
import { add, constant, type Expr, erfc, exp, max, min, mul, neg } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

/** Beyond +-50 the tails are 0 in float64; a finite factor keeps an infinite x from giving NaN. */
const bound = 50;
const clipped = (x: Expr): Expr => min(max(x, constant(-bound)), constant(bound));
/** Distribution and density of the standard normal law. */
const normal = (x: Expr): Expr => mul(constant(0.5), erfc(mul(x, constant(-Math.SQRT1_2))));
const density = (x: Expr): Expr => mul(constant(0.3989422804014327), exp(neg(mul(constant(0.5), mul(x, x)))));

export const geluOp: Op = elementwise({
  name: "gelu",
  doc: "X times the standard normal distribution function of x (by erfc).",
  operands: ["x"],
  value: ([x]) => mul(max(x, constant(-bound)), normal(x)),
  derivative: ([x]) => [add(normal(x), mul(clipped(x), density(clipped(x))))],
});

/** X times the standard normal distribution function of x (by erfc). Broadcasts as NumPy does. */
export function gelu(x: Operand): Tensor {
  return call(geluOp, [x]);
}
