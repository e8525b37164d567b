/**
 * An oracle for formats of up to 11 significant bits that shares nothing with the implementation: bit patterns are
 * taken apart by the definition of the format, exact results are fractions of small integers, and every step is an
 * integer below 2^53.
 */
import type { Format, Rounding } from "../../src/formats/format.ts";

/** A number as (-1)^sign * significand * 2^exponent, or one that is not finite. */
export interface Operand {
  readonly sign: 0 | 1;
  readonly kind: "finite" | "infinite" | "nan";
  readonly significand: number;
  readonly exponent: number;
  readonly value: number;
}

export function operand(format: Format, bits: number): Operand {
  const { fractionBits, exponentBits, infinities, bias } = format;
  const sign = (bits >> (fractionBits + exponentBits)) & 1 ? 1 : 0;
  const field = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = bits & (2 ** fractionBits - 1);
  const top = field === 2 ** exponentBits - 1;
  const signed = sign === 1 ? -1 : 1;
  if (top && infinities && fraction === 0) {
    return { sign, kind: "infinite", significand: 0, exponent: 0, value: signed * Infinity };
  }
  if (top && (infinities || fraction === 2 ** fractionBits - 1)) {
    return { sign, kind: "nan", significand: 0, exponent: 0, value: Number.NaN };
  }
  const significand = field === 0 ? fraction : fraction + 2 ** fractionBits;
  const exponent = Math.max(field, 1) - bias - fractionBits;
  return { sign, kind: "finite", significand, exponent, value: signed * significand * 2 ** exponent };
}

/** (-1)^sign * numerator / denominator * 2^exponent, numerator > 0; or a number known without arithmetic. */
export type Exact =
  | { readonly sign: 0 | 1; readonly numerator: number; readonly denominator: number; readonly exponent: number }
  | number;

/** a + b of significands of up to 22 bits; what lies far below is kept as a last bit. */
function sumOf(a: Operand, b: Operand): Exact {
  if (a.significand === 0 && b.significand === 0) return a.sign === 1 && b.sign === 1 ? -0 : 0;
  if (a.significand === 0) return { sign: b.sign, numerator: b.significand, denominator: 1, exponent: b.exponent };
  if (b.significand === 0) return { sign: a.sign, numerator: a.significand, denominator: 1, exponent: a.exponent };
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const gap = high.exponent - low.exponent;
  const x = high.sign === 1 ? -high.significand : high.significand;
  const y = low.sign === 1 ? -low.significand : low.significand;
  let [n, exponent] = [x * 2 ** gap + y, low.exponent];
  if (gap > 28) {
    const scaled = y / 2 ** (gap - 28);
    const floor = Math.floor(scaled);
    n = 2 * (x * 2 ** 28 + floor) + (scaled === floor ? 0 : 1);
    exponent = high.exponent - 29;
  }
  if (n === 0) return 0;
  return { sign: n < 0 ? 1 : 0, numerator: Math.abs(n), denominator: 1, exponent };
}

function signOf(a: Operand, b: Operand): 0 | 1 {
  return a.sign === b.sign ? 0 : 1;
}

function product(a: Operand, b: Operand): Operand {
  const value = a.value * b.value;
  const kind = Number.isNaN(value) ? "nan" : Math.abs(value) === Infinity ? "infinite" : "finite";
  return {
    sign: signOf(a, b),
    kind,
    significand: a.significand * b.significand,
    exponent: a.exponent + b.exponent,
    value,
  };
}

export function add(a: Operand, b: Operand): Exact {
  return a.kind === "finite" && b.kind === "finite" ? sumOf(a, b) : a.value + b.value;
}

export function sub(a: Operand, b: Operand): Exact {
  return add(a, { ...b, sign: b.sign === 1 ? 0 : 1, value: -b.value });
}

export function mul(a: Operand, b: Operand): Exact {
  const result = product(a, b);
  if (result.kind !== "finite" || result.significand === 0) return a.value * b.value;
  return { sign: result.sign, numerator: result.significand, denominator: 1, exponent: result.exponent };
}

export function div(a: Operand, b: Operand): Exact {
  if (a.kind !== "finite" || b.kind !== "finite" || a.significand === 0 || b.significand === 0) {
    return a.value / b.value;
  }
  return {
    sign: signOf(a, b),
    numerator: a.significand * 2 ** 30,
    denominator: b.significand,
    exponent: a.exponent - b.exponent - 30,
  };
}

/** The root of an integer of up to 52 bits; its fraction is kept as a last bit. */
export function sqrt(a: Operand): Exact {
  if (a.kind !== "finite" || a.significand === 0 || a.sign === 1) return Math.sqrt(a.value);
  const odd = Math.abs(a.exponent) % 2;
  const square = a.significand * 2 ** (40 + odd);
  let root = Math.floor(Math.sqrt(square));
  while (root * root > square) root--;
  while ((root + 1) * (root + 1) <= square) root++;
  const last = root * root === square ? 0 : 1;
  return { sign: 0, numerator: 2 * root + last, denominator: 1, exponent: (a.exponent - odd) / 2 - 21 };
}

export function fma(a: Operand, b: Operand, c: Operand): Exact {
  const left = product(a, b);
  if (left.kind !== "finite" || c.kind !== "finite") return left.kind === "finite" ? c.value : left.value + c.value;
  return sumOf(left, c);
}

function beyond(format: Format, sign: 0 | 1, rounding: Rounding): number {
  const signed = sign === 1 ? -1 : 1;
  const stays =
    rounding === "zero" || (rounding === "up" && sign === 1) || (rounding === "down" && sign === 0) || format.saturate;
  return signed * (stays ? format.largest : format.infinities ? Infinity : Number.NaN);
}

/** |exact| = (low + rest / unit) * 2^quantum where 2^quantum is the spacing of the format there. */
interface Cut {
  readonly sign: 0 | 1;
  readonly low: number;
  readonly rest: number;
  readonly unit: number;
  readonly quantum: number;
}

export function cut(format: Format, exact: Exact): Cut | number {
  if (typeof exact === "number") {
    return Math.abs(exact) === Infinity ? beyond(format, exact < 0 ? 1 : 0, "nearest") : exact;
  }
  const { sign, numerator, denominator, exponent } = exact;
  const ratio = numerator / denominator;
  let log2 = Math.floor(Math.log2(ratio));
  if (2 ** log2 > ratio) log2--;
  if (2 ** (log2 + 1) <= ratio) log2++;
  const quantum = Math.max(log2 + exponent, 1 - format.bias) - format.fractionBits;
  const up = exponent - quantum;
  const n = up > 0 ? numerator * 2 ** up : numerator;
  const unit = up > 0 ? denominator : denominator * 2 ** -up;
  const low = Math.floor(n / unit);
  return { sign, low, rest: n - low * unit, unit, quantum };
}

function isAway({ sign, low, rest, unit }: Cut, rounding: Rounding, u: number): boolean {
  switch (rounding) {
    case "nearest":
      return 2 * rest > unit || (2 * rest === unit && low % 2 === 1);
    case "zero":
      return false;
    case "up":
      return rest > 0 && sign === 0;
    case "down":
      return rest > 0 && sign === 1;
    case "stochastic":
      return sign === 0 ? rest >= (1 - u) * unit : rest > u * unit;
  }
}

/** The exact result rounded once; `u` is a multiple of 2^-10. */
export function rounded(format: Format, exact: Cut | number, rounding: Rounding, u: number): number {
  if (typeof exact === "number") return exact;
  const { sign, low, quantum } = exact;
  const magnitude = (isAway(exact, rounding, u) ? low + 1 : low) * 2 ** quantum;
  if (magnitude > format.largest) return beyond(format, sign, rounding);
  return sign === 1 ? -magnitude : magnitude;
}
