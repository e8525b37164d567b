/** exp: reduction by ln 2, a rational kernel, and scaling in two exact steps. */
import {
  add,
  constant,
  div,
  type Expr,
  eq,
  floor,
  max,
  min,
  mul,
  nearest,
  one,
  pow2,
  select,
  sub,
  zero,
} from "../expression.ts";
import { constants, type Double, fastTwoSum, polynomial } from "./double.ts";

/** fdlibm e_exp.c: ln2HI has 21 trailing zeros, so that k * ln2HI is exact. */
export const ln2High: Expr = constant(6.931471803691238e-1);
export const ln2Low: Expr = constant(1.9082149292705877e-10);
const inverseLn2 = constant(Math.LOG2E);

/** fdlibm e_exp.c P1 to P5: r (e^r + 1) / (e^r - 1) - 2 on [-ln2/2, ln2/2] within 2^-59. */
const kernel = constants([
  1.6666666666666602e-1, -2.7777777777015593e-3, 6.613756321437934e-5, -1.6533902205465252e-6, 4.1381367970572385e-8,
]);

/** e^(head + tail) = 2^k (1 + high + low): |high| <= 0.35, low is a correction of at most 0.07. */
export interface Reduced {
  /** An integer. */
  readonly k: Expr;
  /** Exact. */
  readonly high: Expr;
  readonly low: Expr;
}

/** e^(high + tail) for |high| <= ln2 / 2 and a tail below an ulp of it. */
export function reduced(k: Expr, high: Expr, tail: Expr): Reduced {
  const r = add(high, tail);
  const square = mul(r, r);
  const c = sub(r, mul(square, polynomial(square, kernel)));
  return { k, high, low: add(div(mul(r, c), sub(constant(2), c)), tail) };
}

/** The integer nearest to x; 0 for NaN, so that `pow2` always has an integer. */
export function nearestInteger(x: Expr): Expr {
  return select(eq(x, x), nearest(x), zero);
}

/** e^(head + tail). @param head Within [-1400, 1400], or NaN. */
export function reduce(head: Expr, tail: Expr): Reduced {
  const k = nearestInteger(mul(head, inverseLn2));
  return reduced(k, sub(head, mul(k, ln2High)), sub(tail, mul(k, ln2Low)));
}

/** e^(head + tail) / 2^k as a pair. */
export function significand({ high, low }: Reduced): Double {
  const sum = fastTwoSum(one, high);
  return { head: sum.head, tail: add(sum.tail, low) };
}

/** x 2^k for an integer k in [-2044, 2046]: one rounding, when the result is subnormal. */
export function scale(x: Expr, k: Expr): Expr {
  const half = floor(mul(k, constant(0.5)));
  return mul(mul(x, pow2(half)), pow2(sub(k, half)));
}

/** e^x within 1 ulp. */
export function expOf(x: Expr): Expr {
  const e = reduce(max(min(x, constant(710)), constant(-746)), zero);
  const { head, tail } = significand(e);
  return scale(add(head, tail), e.k);
}
