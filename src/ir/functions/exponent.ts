/** The exponent and significand of a positive number as numbers. */
import { add, binade, constant, div, type Expr, ge, gt, lt, mul, neg, one, select, sub, zero } from "../expression.ts";

/** log2 of a power of two in [2^-1022, 2^1023]: ten steps of bisection. */
function integerLog2(power: Expr): Expr {
  const large = ge(power, one);
  let rest = select(large, power, div(one, power));
  let log: Expr = zero;
  for (let step = 512; step >= 1; step /= 2) {
    const above = ge(rest, constant(2 ** step));
    log = add(log, select(above, constant(step), zero));
    if (step > 1) rest = mul(rest, select(above, constant(2 ** -step), one));
  }
  return select(large, log, neg(log));
}

/**
 * x = significand * 2^exponent, with the significand in (limit / 2, limit]; x positive and finite (any other x gives
 * numbers that the caller does not select).
 */
export function decompose(x: Expr, limit: number): { readonly exponent: Expr; readonly significand: Expr } {
  const subnormal = lt(x, constant(2 ** -1022));
  const normal = mul(x, select(subnormal, constant(2 ** 54), one));
  const power = binade(normal);
  const significand = div(normal, power);
  const halve = gt(significand, constant(limit));
  return {
    exponent: add(sub(integerLog2(power), select(subnormal, constant(54), zero)), select(halve, one, zero)),
    significand: mul(significand, select(halve, constant(0.5), one)),
  };
}
