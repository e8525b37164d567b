/**
 * + - * / sqrt and fused multiply-add of float64, rounded to odd: truncated toward zero, last bit 1 if inexact.
 * Rounding such a result once more is a single rounding of the exact result, in every mode, for formats of up to 51
 * significant bits (Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums").
 * Where float64 has no exact answer (infinities, NaN, zeros) the IEEE result to nearest is returned.
 */
import { type ExactValue, exactFma, nearestFloat64, roundToOddFloat64 } from "./exact-value.ts";
import { binade, exponentOf, forceOdd } from "./float64-bits.ts";

/** a + b = sum + error exactly; `sum` must be finite (Knuth 1969). */
function sumError(a: number, b: number, sum: number): number {
  const bPart = sum - a;
  return a - (sum - bPart) + (b - bPart);
}

/** a * b = product + error exactly, for magnitudes of a, b and the product within 2^-900 .. 2^900 (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const splitter = 2 ** 27 + 1;
  const aScaled = splitter * a;
  const bScaled = splitter * b;
  const aHigh = aScaled - (aScaled - a);
  const bHigh = bScaled - (bScaled - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

const tiny = 2 ** -400;
const huge = 2 ** 400;

/** Far enough from both ends of the range that no error term underflows and no splitting overflows. */
function isSafe(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude >= tiny && magnitude <= huge;
}

function isOrdinary(x: number): boolean {
  return x !== 0 && Math.abs(x) < Infinity;
}

/** Both are float32 numbers: their product is exact in float64. */
function isExactProduct(a: number, b: number): boolean {
  return Math.fround(a) === a && Math.fround(b) === b;
}

/** x * 2^exponent rounded to odd, x itself rounded to odd; correct where the result is subnormal or overflows. */
function scaleOdd(x: number, exponent: number): number {
  const top = exponentOf(x) + exponent;
  if (top > 1023) return x < 0 ? -Number.MAX_VALUE : Number.MAX_VALUE;
  const half = Math.trunc(exponent / 2);
  if (top >= -1022) return x * 2 ** half * 2 ** (exponent - half);
  if (top < -1100) return x < 0 ? -Number.MIN_VALUE : Number.MIN_VALUE;
  const quanta = Math.abs(x) * 2 ** (half + 537) * 2 ** (exponent - half + 537);
  const whole = Math.floor(quanta);
  const odd = whole !== quanta && whole % 2 === 0 ? whole + 1 : whole;
  return (x < 0 ? -odd : odd) * Number.MIN_VALUE;
}

/** A float64 with exponent 0, and the exponent taken away. */
function normalized(x: number): { fraction: number; exponent: number } {
  const exponent = exponentOf(x);
  const scaled = exponent < -1022 ? x * 2 ** 54 : x;
  return { fraction: scaled / binade(scaled), exponent };
}

export function addOdd(a: number, b: number): number {
  const sum = a + b;
  if (sum === 0 || Number.isNaN(sum)) return sum;
  if (Math.abs(sum) < Infinity) return forceOdd(sum, sumError(a, b, sum));
  if (Math.abs(a) === Infinity || Math.abs(b) === Infinity) return sum;
  return sum < 0 ? -Number.MAX_VALUE : Number.MAX_VALUE;
}

export function subOdd(a: number, b: number): number {
  return addOdd(a, -b);
}

export function mulOdd(a: number, b: number): number {
  if (isExactProduct(a, b) || !isOrdinary(a) || !isOrdinary(b)) return a * b;
  if (isSafe(a) && isSafe(b)) {
    const product = a * b;
    return forceOdd(product, productError(a, b, product));
  }
  const x = normalized(a);
  const y = normalized(b);
  return scaleOdd(mulOdd(x.fraction, y.fraction), x.exponent + y.exponent);
}

export function divOdd(a: number, b: number): number {
  if (!isOrdinary(a) || !isOrdinary(b)) return a / b;
  if (isSafe(a) && isSafe(b)) {
    const quotient = a / b;
    const product = quotient * b;
    const residual = a - product - productError(quotient, b, product);
    return forceOdd(quotient, b < 0 ? -residual : residual);
  }
  const x = normalized(a);
  const y = normalized(b);
  return scaleOdd(divOdd(x.fraction, y.fraction), x.exponent - y.exponent);
}

export function sqrtOdd(x: number): number {
  if (!(x > 0 && x < Infinity)) return Math.sqrt(x);
  if (isSafe(x)) {
    const root = Math.sqrt(x);
    const square = root * root;
    return forceOdd(root, x - square - productError(root, root, square));
  }
  const { fraction, exponent } = normalized(x);
  const parity = exponent & 1;
  return scaleOdd(sqrtOdd(parity === 1 ? 2 * fraction : fraction), (exponent - parity) / 2);
}

/** a * b + c where an operand is not finite or zero; undefined where it has to be computed. */
export function settledFma(a: number, b: number, c: number): number | undefined {
  if (!isOrdinary(a) || !isOrdinary(b)) return a * b + c;
  return Number.isFinite(c) ? undefined : c;
}

/**
 * a * b + c of ordinary finite numbers; `add` adds the leading part and the rest, which is rounded to odd far below the
 * last bit of the sum. Ends of the range go through big integers.
 */
function fmaBy(
  add: (high: number, low: number) => number,
  round: (value: ExactValue) => number,
  a: number,
  b: number,
  c: number,
): number {
  const product = a * b;
  if (isExactProduct(a, b)) return add(product, c);
  if (!isSafe(a) || !isSafe(b) || Math.abs(c) > 2 ** 1000) return round(exactFma(a, b, c));
  const error = productError(a, b, product);
  const tail = c + error;
  const high = product + tail;
  return add(high, addOdd(sumError(c, error, tail), sumError(product, tail, high)));
}

const plainAdd = (a: number, b: number): number => a + b;

export function fmaOdd(a: number, b: number, c: number): number {
  return settledFma(a, b, c) ?? fmaBy(addOdd, roundToOddFloat64, a, b, c);
}

/** IEEE 754 fusedMultiplyAdd of float64 numbers, to nearest. */
export function fmaFloat64(a: number, b: number, c: number): number {
  return settledFma(a, b, c) ?? fmaBy(plainAdd, nearestFloat64, a, b, c);
}

/** IEEE 754 fusedMultiplyAdd of float32 numbers: the float64 product is exact, the sum is rounded to odd and once more. */
export function fmaFloat32(a: number, b: number, c: number): number {
  return Math.fround(addOdd(a * b, c));
}
