/** The fields of a float64: binade, sign, neighbors. */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const bits = new BigInt64Array(float.buffer);

/** 2^floor(log2 |x|); 0 for zeros and subnormals, Infinity for infinities and NaN. */
export function binade(x: number): number {
  float[0] = x;
  words[0] = 0;
  words[1] &= 0x7ff00000;
  return float[0];
}

export function copysign(magnitude: number, sign: number): number {
  const negative = sign < 0 || Object.is(sign, -0);
  return negative ? -Math.abs(magnitude) : Math.abs(magnitude);
}

/** floor(log2 |x|) for a finite nonzero x, subnormals included. */
export function exponentOf(x: number): number {
  float[0] = x;
  const field = (words[1] >>> 20) & 0x7ff;
  if (field !== 0) return field - 1023;
  float[0] = x * 2 ** 54;
  return ((words[1] >>> 20) & 0x7ff) - 1023 - 54;
}

/** x = significand * 2^exponent exactly, significand an integer with the sign of x; x finite. */
export function decompose(x: number): { significand: bigint; exponent: number } {
  float[0] = x;
  const field = (words[1] >>> 20) & 0x7ff;
  const fraction = bits[0] & 0xfffffffffffffn;
  const magnitude = field === 0 ? fraction : fraction | (1n << 52n);
  return { significand: x < 0 ? -magnitude : magnitude, exponent: Math.max(field, 1) - 1075 };
}

/**
 * The float64 rounded to odd, from the nearest float64 of an exact value and the sign of `error` = exact - nearest:
 * truncated toward zero, last bit 1 if inexact (Boldo and Melquiond 2008). Not for a nearest of 0 or infinity.
 */
export function forceOdd(nearest: number, error: number): number {
  if (error === 0) return nearest;
  float[0] = nearest;
  if ((words[0] & 1) === 1) return nearest;
  if (error > 0 === nearest > 0) words[0] += 1;
  else if (words[0] === 0) [words[0], words[1]] = [0xffffffff, words[1] - 1];
  else words[0] -= 1;
  return float[0];
}
