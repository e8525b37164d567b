/** log: reduction to [sqrt(1/2), sqrt(2)], and the series of atanh. */
import { add, constant, div, type Expr, eq, gt, lt, mul, select, sub, zero } from "../expression.ts";
import { constants, polynomial } from "./double.ts";
import { ln2High, ln2Low } from "./exp.ts";
import { decompose } from "./exponent.ts";

/** fdlibm e_log.c Lg1 to Lg7: (log((1+s)/(1-s)) - 2s) / s on [0, 0.1716] in s^2, within 2^-58.45. */
const kernel = constants([
  6.666666666666735e-1, 3.999999999940942e-1, 2.857142874366239e-1, 2.2222198432149784e-1, 1.818357216161805e-1,
  1.5313837699209373e-1, 1.4798198605116586e-1,
]);

/** log(x (1 + correction)) for positive finite x and |correction| <= 2^-53. */
export function logCore(x: Expr, correction: Expr): Expr {
  const { exponent, significand } = decompose(x, Math.SQRT2);
  const f = sub(significand, constant(1));
  const s = div(f, add(constant(2), f));
  const z = mul(s, s);
  const halfSquare = mul(constant(0.5), mul(f, f));
  const low = add(mul(exponent, ln2Low), correction);
  const series = add(mul(s, add(halfSquare, mul(z, polynomial(z, kernel)))), low);
  return sub(mul(exponent, ln2High), sub(sub(halfSquare, series), f));
}

/** `core` for positive finite x; -Infinity at 0, NaN below, x itself at Infinity. */
export function withLogLimits(x: Expr, value: Expr, core: Expr): Expr {
  const finite = select(lt(x, constant(Number.POSITIVE_INFINITY)), core, value);
  const atZero = select(eq(x, zero), constant(Number.NEGATIVE_INFINITY), constant(Number.NaN));
  return select(gt(x, zero), finite, atZero);
}

/** Natural logarithm within 1 ulp. */
export function logOf(x: Expr): Expr {
  return withLogLimits(x, x, logCore(x, zero));
}
