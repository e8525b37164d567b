/** IEEE-style formats of any width that float64 holds: float16 is custom(5, 10). */
import { UsageError } from "../base/errors.ts";
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

function check(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new UsageError(`format custom: ${what} must be an integer from ${low} to ${high}, found ${value}`);
}

/**
 * `exponentBits` from 2 to 11 and `fractionBits` from 1 to 52 (stored bits), with infinities and subnormals.
 * @throws UsageError outside these limits.
 */
export function custom(exponentBits: number, fractionBits: number): Format {
  check("exponent bits", exponentBits, 2, 11);
  check("fraction bits", fractionBits, 1, 52);
  return defineFormat(`custom(${exponentBits},${fractionBits})`, exponentBits, fractionBits);
}
