/**
 * Exact results as big integers: the general path of correctly rounded arithmetic, where float64 error terms do not
 * reach (formats beyond 51 significant bits, ends of the exponent range).
 */
import { float64 } from "./float64.ts";
import { decompose } from "./float64-bits.ts";
import type { Format, Rounding } from "./format.ts";
import { overflowOf } from "./round.ts";

/** (significand + rest) * 2^exponent with the sign apart and 0 <= rest < 1; `sticky`: rest > 0. */
export interface ExactValue {
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
  readonly sticky: boolean;
}

function exactValue(signed: bigint, exponent: number, sticky = false): ExactValue {
  const negative = signed < 0n;
  return { negative, significand: negative ? -signed : signed, exponent, sticky };
}

export function exactSum(a: number, b: number): ExactValue {
  return exactFma(a, 1, b);
}

/** a * b + c for finite numbers. */
export function exactFma(a: number, b: number, c: number): ExactValue {
  const [x, y, z] = [decompose(a), decompose(b), decompose(c)];
  const product = x.significand * y.significand;
  const exponent = x.exponent + y.exponent;
  const common = Math.min(exponent, z.exponent);
  const sum = (product << BigInt(exponent - common)) + (z.significand << BigInt(z.exponent - common));
  return exactValue(sum, common);
}

export function exactProduct(a: number, b: number): ExactValue {
  const [x, y] = [decompose(a), decompose(b)];
  return exactValue(x.significand * y.significand, x.exponent + y.exponent);
}

/** Bits beyond those of the operands: a quotient or root then has 53 below the last bit of any format (its draw's). */
const extraBits = 192;

/** a / b for finite numbers, b not zero. */
export function exactQuotient(a: number, b: number): ExactValue {
  const [x, y] = [decompose(a), decompose(b)];
  const numerator = x.significand << BigInt(extraBits);
  const quotient = numerator / y.significand;
  return exactValue(quotient, x.exponent - y.exponent - extraBits, quotient * y.significand !== numerator);
}

/** Largest integer whose square is at most n (Newton from above). */
function integerRoot(n: bigint): bigint {
  if (n === 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** sqrt(x) for a finite x >= 0. */
export function exactRoot(x: number): ExactValue {
  const { significand, exponent } = decompose(x);
  const shift = 2 * extraBits + (exponent & 1);
  const square = significand << BigInt(shift);
  const root = integerRoot(square);
  return exactValue(root, (exponent - shift) / 2, root * root !== square);
}

const drawUnit = 2 ** 53;

/** Whether an inexact magnitude low + rest (0 <= rest < 2^shift, plus a sticky amount) goes to low + 1. */
function roundsAway(
  value: ExactValue,
  low: bigint,
  rest: bigint,
  shift: bigint,
  rounding: Rounding,
  u: number,
): boolean {
  const { negative, sticky } = value;
  if (rounding === "zero") return false;
  if (rounding === "up" || rounding === "down") return (rounding === "up") !== negative;
  const unit = 1n << shift;
  if (rounding === "nearest") {
    const twice = 2n * rest;
    return twice > unit || (twice === unit && (sticky || (low & 1n) === 1n));
  }
  const draw = BigInt(Math.floor(u * drawUnit)) * unit;
  const scaled = rest * BigInt(drawUnit);
  return negative ? scaled > draw || (scaled === draw && sticky) : scaled + draw >= BigInt(drawUnit) * unit;
}

/** The quantum's exponent and the integer part of |value| / quantum, exactly. */
function quantize(format: Format, value: ExactValue): { low: bigint; rest: bigint; shift: bigint; exponent: number } {
  const bits = value.significand.toString(2).length;
  const top = value.exponent + bits - 1;
  const exponent = Math.max(top, 1 - format.bias) - format.fractionBits;
  const lift = BigInt(Math.max(0, value.exponent - exponent));
  const lifted = value.significand << lift;
  const shift = BigInt(exponent - value.exponent) + lift;
  const low = lifted >> shift;
  return { low, rest: lifted - (low << shift), shift, exponent };
}

/** `value` rounded once to `format`, as `round` rounds a float64; an exact zero is +0. */
export function roundExact(
  format: Format,
  value: ExactValue,
  rounding: Rounding = "nearest",
  u = 0,
  flush = false,
): number {
  if (value.significand === 0n && !value.sticky) return 0;
  const { low, rest, shift, exponent } = quantize(format, value);
  const inexact = rest !== 0n || value.sticky;
  const away = inexact && roundsAway(value, low, rest, shift, rounding, u);
  const half = Math.trunc(exponent / 2);
  const magnitude = Number(away ? low + 1n : low) * 2 ** half * 2 ** (exponent - half);
  if (exponent + format.fractionBits > 1023 || magnitude > format.largest) {
    return overflowOf(format, value.negative, rounding);
  }
  const kept = flush && magnitude < format.smallestNormal ? 0 : magnitude;
  return value.negative ? -kept : kept;
}

export function nearestFloat64(value: ExactValue): number {
  return roundExact(float64, value);
}

/** `value` as a float64 rounded to odd: toward zero, last bit 1 if inexact. */
export function roundToOddFloat64(value: ExactValue): number {
  if (value.significand === 0n && !value.sticky) return 0;
  const { low, rest, exponent } = quantize(float64, value);
  if (exponent > 971) return value.negative ? -Number.MAX_VALUE : Number.MAX_VALUE;
  const odd = rest !== 0n || value.sticky ? low | 1n : low;
  const half = Math.trunc(exponent / 2);
  const magnitude = Number(odd) * 2 ** half * 2 ** (exponent - half);
  return value.negative ? -magnitude : magnitude;
}
