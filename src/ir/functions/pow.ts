/** pow: 2^(y log2|x|) with log2|x| to about 75 bits (the method of fdlibm e_pow.c). */
import {
  abs,
  add,
  both,
  constant,
  copysign,
  div,
  type Expr,
  eq,
  floor,
  ge,
  gt,
  le,
  lt,
  max,
  min,
  mul,
  ne,
  neg,
  one,
  select,
  sub,
  zero,
} from "../expression.ts";
import { constants, type Double, fastTwoSum, leading, polynomial } from "./double.ts";
import { nearestInteger, reduced, scale, significand } from "./exp.ts";
import { decompose } from "./exponent.ts";

/** fdlibm e_pow.c L1 to L6: (3/2) (log((1+s)/(1-s)) - 2s - (2/3) s^3) / s^5 in s^2. */
const kernel = constants([
  5.999999999999946e-1, 4.285714285785502e-1, 3.3333332981837743e-1, 2.72728123808534e-1, 2.3066074577556175e-1,
  2.0697501780033842e-1,
]);
/** cp = 2 / (3 ln 2) and its 24-bit head and tail; log2(1.5) likewise; ln 2 likewise. */
const cp = constant(9.617966939259756e-1);
const cpHigh = constant(9.617967009544373e-1);
const cpLow = constant(-7.028461650952758e-9);
const logHalfHigh = constant(5.849624872207642e-1);
const logHalfLow = constant(1.350039202129749e-8);
const ln2 = constant(Math.LN2);
const ln2Head = constant(6.931471824645996e-1);
const ln2Tail = constant(-1.904654299957768e-9);

const infinity = constant(Number.POSITIVE_INFINITY);
const nan = constant(Number.NaN);

/** 21 bits: products of two such numbers are exact. */
const head = (x: Expr): Expr => leading(x, 32);

/** log2(x) for positive finite x, head of 21 bits. */
function log2(x: Expr): Double {
  const { exponent, significand } = decompose(x, Math.sqrt(3));
  const upper = ge(significand, constant(Math.sqrt(1.5)));
  const base = select(upper, constant(1.5), one);
  // s = (x - base) / (x + base) as a pair
  const difference = sub(significand, base);
  const sum = add(significand, base);
  const inverse = div(one, sum);
  const s = mul(difference, inverse);
  const sHigh = head(s);
  const sumHigh = head(sum);
  const sumLow = sub(significand, sub(sumHigh, base));
  const sLow = mul(inverse, sub(sub(difference, mul(sHigh, sumHigh)), mul(sHigh, sumLow)));
  // 3 + s^2 + r = (3 / 2) log((1 + s) / (1 - s)) / s as a pair
  const square = mul(s, s);
  const r = add(mul(mul(square, square), polynomial(square, kernel)), mul(sLow, add(sHigh, s)));
  const squareHigh = mul(sHigh, sHigh);
  const three = constant(3);
  const factorHigh = head(add(add(three, squareHigh), r));
  const factorLow = sub(r, sub(sub(factorHigh, three), squareHigh));
  const u = mul(sHigh, factorHigh);
  const v = add(mul(sLow, factorHigh), mul(factorLow, s));
  const productHigh = head(add(u, v));
  const productLow = sub(v, sub(productHigh, u));
  // times 2 / (3 ln 2), plus log2(base), plus the exponent
  const z = mul(cpHigh, productHigh);
  const zLow = add(add(mul(cpLow, productHigh), mul(productLow, cp)), select(upper, logHalfLow, zero));
  const baseHigh = select(upper, logHalfHigh, zero);
  const high = head(add(add(add(z, zLow), baseHigh), exponent));
  return { head: high, tail: sub(zLow, sub(sub(sub(high, exponent), baseHigh), z)) };
}

/** 2^(high + low), the parts a product y log2(x) with an exact high. */
function exp2(high: Expr, low: Expr): Expr {
  const z = add(high, low);
  const k = nearestInteger(max(min(z, constant(1025)), constant(-1077)));
  const fraction = sub(high, k);
  const t = head(add(low, fraction));
  const u = mul(t, ln2Head);
  const v = add(mul(sub(low, sub(t, fraction)), ln2), mul(t, ln2Tail));
  const argument = fastTwoSum(u, v);
  const e = significand(reduced(k, argument.head, argument.tail));
  const value = scale(add(e.head, e.tail), k);
  return select(ge(z, constant(1025)), infinity, select(le(z, constant(-1077)), zero, value));
}

/** x^y for x > 0 finite and not 1. */
function power(x: Expr, y: Expr): Expr {
  // A larger |y| overflows or underflows for every x but 1.
  const bounded = max(min(y, constant(2 ** 70)), constant(-(2 ** 70)));
  const log = log2(x);
  const yHigh = head(bounded);
  return exp2(mul(yHigh, log.head), add(mul(sub(bounded, yHigh), log.head), mul(bounded, log.tail)));
}

/**
 * x^y within 1 ulp, with IEEE 754 limits: pow(x, 0) = pow(1, y) = 1 even for NaN, pow(-1, +-Infinity) = 1, NaN for
 * x < 0 and y not an integer.
 */
export function powOf(x: Expr, y: Expr): Expr {
  const a = abs(x);
  const limit = select(gt(y, zero), a, div(one, a));
  const atLimit = select(eq(a, zero), one, eq(a, infinity));
  const magnitude = select(atLimit, limit, select(eq(a, one), one, power(a, y)));
  const isInteger = eq(floor(y), y);
  const half = mul(y, constant(0.5));
  const isOdd = both(isInteger, ne(floor(half), half));
  const even = select(select(isInteger, one, atLimit), magnitude, nan);
  const isNegative = lt(copysign(one, x), zero);
  const signed = select(isNegative, select(isOdd, neg(magnitude), even), magnitude);
  const isNumber = both(eq(x, x), eq(y, y));
  return select(select(eq(y, zero), one, eq(x, one)), one, select(isNumber, signed, nan));
}
