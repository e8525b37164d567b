/**
 * Pairs of float64 (an unevaluated sum head + tail), and the error-free steps that make them: T. J. Dekker, "A
 * floating-point technique for extending the available precision" (1971), sections 3 to 5; D. E. Knuth, TAOCP 2, 4.2.2.
 */
import { add, constant, div, type Expr, mul, sub } from "../expression.ts";

export interface Double {
  readonly head: Expr;
  /** At most half an ulp of `head`. */
  readonly tail: Expr;
}

/** a + b without error; |a| >= |b| or a = 0. */
export function fastTwoSum(a: Expr, b: Expr): Double {
  const head = add(a, b);
  return { head, tail: sub(b, sub(head, a)) };
}

/** a + b without error, in either order of magnitude. */
export function twoSum(a: Expr, b: Expr): Double {
  const head = add(a, b);
  const virtual = sub(head, a);
  return { head, tail: add(sub(a, sub(head, virtual)), sub(b, virtual)) };
}

/** Veltkamp's splitting: `x` rounded to 53 - `drop` bits; |x| must stay under 2^(1023 - drop). */
export function leading(x: Expr, drop: number): Expr {
  const scaled = mul(constant(2 ** drop + 1), x);
  return sub(scaled, sub(scaled, x));
}

/** a - q * b, where q * b is within an ulp of a: Dekker's product, so that the difference is exact. */
export function residual(a: Expr, q: Expr, b: Expr): Expr {
  const [qHigh, bHigh] = [leading(q, 27), leading(b, 27)];
  const [qLow, bLow] = [sub(q, qHigh), sub(b, bHigh)];
  const product = mul(q, b);
  const middle = add(sub(mul(qHigh, bHigh), product), add(mul(qHigh, bLow), mul(qLow, bHigh)));
  return sub(sub(a, product), add(middle, mul(qLow, bLow)));
}

/** (a - q b) / b to first order, for q within an ulp of a / b. */
export function remainder(a: Double, q: Expr, b: Double): Expr {
  return div(add(residual(a.head, q, b.head), sub(a.tail, mul(q, b.tail))), b.head);
}

/** a / b rounded to one number. */
export function quotient(a: Double, b: Double): Expr {
  const q = div(a.head, b.head);
  return add(q, remainder(a, q, b));
}

/** Horner's rule; coefficients from the constant term upwards. */
export function polynomial(x: Expr, coefficients: readonly Expr[]): Expr {
  return coefficients.reduceRight((sum, c) => add(c, mul(x, sum)));
}

export const constants = (values: readonly number[]): Expr[] => values.map(constant);
