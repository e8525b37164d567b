/** tanh: h / (h + 1) with h = (e^(2|x|) - 1) / 2 as a pair, the division corrected. */
import { abs, add, constant, copysign, type Expr, lt, min, mul, one, select } from "../expression.ts";
import { fastTwoSum, quotient, twoSum } from "./double.ts";
import { halfExpm1, identityBound } from "./expm1.ts";

/** Hyperbolic tangent within 1 ulp. From 22 on it rounds to 1. */
export function tanhOf(x: Expr): Expr {
  const magnitude = abs(x);
  const h = halfExpm1(mul(constant(2), min(magnitude, constant(22))));
  const sum = twoSum(one, h.head);
  const denominator = fastTwoSum(sum.head, add(sum.tail, h.tail));
  return select(lt(magnitude, identityBound), x, copysign(quotient(h, denominator), x));
}
