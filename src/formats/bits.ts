/** Bit patterns of a format's values. */
import { UsageError } from "../base/errors.ts";
import { exponentOf } from "./float64-bits.ts";
import type { Format } from "./format.ts";

/** Exponent field of infinity and NaN (and of the largest numbers, in formats without infinities). */
function topField(format: Format): number {
  return 2 ** format.exponentBits - 1;
}

/** Formats with infinities: the first quiet NaN, sign clear. OFP8 e4m3: S.1111.111, its only NaN. */
function canonicalNaN(format: Format): bigint {
  const fraction = format.infinities ? 1n << BigInt(format.fractionBits - 1) : (1n << BigInt(format.fractionBits)) - 1n;
  return (BigInt(topField(format)) << BigInt(format.fractionBits)) | fraction;
}

/** Fraction and exponent fields of a positive finite number. */
function fieldsOf(format: Format, magnitude: number): bigint {
  const { fractionBits, bias, smallestNormal } = format;
  const exponent = magnitude < smallestNormal ? 1 - bias : exponentOf(magnitude);
  const field = magnitude < smallestNormal ? 0 : exponent + bias;
  const half = Math.trunc((fractionBits - exponent) / 2);
  const whole = magnitude * 2 ** half * 2 ** (fractionBits - exponent - half);
  const fraction = field === 0 ? BigInt(whole) : BigInt(whole) - (1n << BigInt(fractionBits));
  return (BigInt(field) << BigInt(fractionBits)) | fraction;
}

/** Whether `value` is one of the format's numbers. */
function holds(format: Format, magnitude: number): boolean {
  if (magnitude === Infinity) return format.infinities;
  const exponent = Math.max(magnitude === 0 ? -Infinity : exponentOf(magnitude), 1 - format.bias);
  const half = Math.trunc((format.fractionBits - exponent) / 2);
  const whole = magnitude * 2 ** half * 2 ** (format.fractionBits - exponent - half);
  return magnitude <= format.largest && Number.isInteger(whole);
}

/**
 * The bit pattern of a value of the format; NaN is canonical.
 * @throws UsageError if `value` is not a value of the format (round it first).
 */
export function encode(format: Format, value: number): bigint {
  if (Number.isNaN(value)) return canonicalNaN(format);
  const magnitude = Math.abs(value);
  if (!holds(format, magnitude)) throw new UsageError(`encode: ${value} is not a value of ${format.name}`);
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? 1n << BigInt(format.bits - 1) : 0n;
  if (magnitude === 0) return sign;
  if (magnitude === Infinity) return sign | (BigInt(topField(format)) << BigInt(format.fractionBits));
  return sign | fieldsOf(format, magnitude);
}

/**
 * The value of a bit pattern; every NaN pattern gives NaN.
 * @throws UsageError if the pattern is wider than the format.
 */
export function decode(format: Format, bits: bigint): number {
  if (bits < 0n || bits >> BigInt(format.bits) !== 0n) {
    throw new UsageError(`decode: 0x${bits.toString(16)} has more than the ${format.bits} bits of ${format.name}`);
  }
  const { fractionBits, bias, infinities } = format;
  const fraction = Number(bits & ((1n << BigInt(fractionBits)) - 1n));
  const field = Number(bits >> BigInt(fractionBits)) & topField(format);
  const sign = bits >> BigInt(format.bits - 1) === 1n ? -1 : 1;
  if (field === topField(format)) {
    if (infinities) return fraction === 0 ? sign * Infinity : NaN;
    if (fraction === 2 ** fractionBits - 1) return NaN;
  }
  const significand = field === 0 ? fraction : fraction + 2 ** fractionBits;
  const exponent = Math.max(field, 1) - bias - fractionBits;
  const half = Math.trunc(exponent / 2);
  return sign * significand * 2 ** half * 2 ** (exponent - half);
}

/** "0x" and lower-case hexadecimal, ceil(bits / 4) digits. */
export function hex(format: Format, value: number): string {
  return `0x${encode(format, value)
    .toString(16)
    .padStart(Math.ceil(format.bits / 4), "0")}`;
}
