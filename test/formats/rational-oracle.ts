/**
 * An oracle for every format: exact results are fractions of big integers, cut at the format's spacing. For roots the
 * comparisons are made between squares.
 */
import type { Format, Rounding } from "../../src/formats/format.ts";

/** numerator / denominator, denominator > 0; `root`: the square root of it. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly root?: boolean;
}

/** A finite float64 as a fraction, from its decimal-free text: toString(2) of an integer is exact. */
export function fraction(x: number): Fraction {
  if (!Number.isFinite(x)) throw new RangeError(`${x} is not a fraction`);
  let [scaled, denominator] = [x, 1n];
  while (!Number.isInteger(scaled)) [scaled, denominator] = [scaled * 2 ** 30, denominator << 30n];
  return { numerator: BigInt(scaled), denominator };
}

export function sum(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

export function product(a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

export function quotient(a: Fraction, b: Fraction): Fraction {
  const numerator = a.numerator * b.denominator;
  const denominator = a.denominator * b.numerator;
  return denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator };
}

/** Sign of value - n * 2^e for value >= 0, n >= 0. */
function compare(value: Fraction, n: bigint, e: number): number {
  const power = value.root === true ? 2 : 1;
  const scaled = value.root === true ? n * n : n;
  const shift = BigInt(Math.abs(e * power));
  const left = e < 0 ? value.numerator << shift : value.numerator;
  const right = (e < 0 ? scaled : scaled << shift) * value.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Largest n with n * 2^e <= value. */
function floorAt(value: Fraction, e: number): bigint {
  let [low, high] = [0n, 1n];
  while (compare(value, high, e) >= 0) high <<= 1n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (compare(value, middle, e) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

/** floor(log2 value) for value > 0, between -2200 and 2200. */
function floorLog2(value: Fraction): number {
  let [low, high] = [-2200, 2200];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (compare(value, 1n, middle) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

function power(n: bigint, e: number): number {
  const half = Math.trunc(e / 2);
  return Number(n) * 2 ** half * 2 ** (e - half);
}

/** The value rounded once; `u` is a multiple of 2^-10. Zero is +0. */
export function rounded(format: Format, signed: Fraction, rounding: Rounding, u: number): number {
  if (signed.numerator === 0n) return 0;
  const negative = signed.numerator < 0n;
  const value = negative ? { ...signed, numerator: -signed.numerator } : signed;
  const e = Math.max(floorLog2(value), 1 - format.bias) - format.fractionBits;
  const low = floorAt(value, e);
  const inexact = compare(value, low, e) > 0;
  const half = compare(value, 2n * low + 1n, e - 1);
  const draw = BigInt(u * 1024);
  const threshold = 1024n * low + (negative ? draw : 1024n - draw);
  const against = compare(value, threshold, e - 10);
  const away = {
    nearest: half > 0 || (half === 0 && low % 2n === 1n),
    zero: false,
    up: inexact && !negative,
    down: inexact && negative,
    stochastic: negative ? against > 0 : against >= 0,
  }[rounding];
  const magnitude = power(away ? low + 1n : low, e);
  const sign = negative ? -1 : 1;
  if (magnitude <= format.largest && magnitude < Infinity) return sign * magnitude;
  const inward = rounding === "zero" || (rounding === "up" && negative) || (rounding === "down" && !negative);
  return sign * (inward || format.saturate ? format.largest : format.infinities ? Infinity : Number.NaN);
}
