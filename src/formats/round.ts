/** Rounds a number once to a format: the meaning that every backend's rounding must reproduce bit for bit. */
import { isFloat32, isFloat64 } from "./define.ts";
import { binade, copysign } from "./float64-bits.ts";
import type { Format, Rounding } from "./format.ts";

export const roundings: readonly Rounding[] = ["nearest", "zero", "up", "down", "stochastic"];

/** Integer nearest to `r` >= 0, ties to even. */
function nearestInteger(r: number): number {
  const low = Math.floor(r);
  const rest = r - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** floor(r + u) of the signed quotient, compared exactly: `r` is its magnitude. */
function stochasticInteger(r: number, negative: boolean, u: number): number {
  const low = Math.floor(r);
  const rest = r - low;
  return (negative ? rest > u : rest >= 1 - u) ? low + 1 : low;
}

function integerOf(r: number, negative: boolean, rounding: Rounding, u: number): number {
  if (rounding === "nearest") return nearestInteger(r);
  if (rounding === "zero") return Math.floor(r);
  if (rounding === "stochastic") return stochasticInteger(r, negative, u);
  return (rounding === "up") === negative ? Math.floor(r) : Math.ceil(r);
}

/** What a finite value beyond `largest` becomes (IEEE 754-2019, 7.4; OFP8 without infinities: NaN). */
export function overflowOf(format: Format, negative: boolean, rounding: Rounding): number {
  const inward = rounding === "zero" || (rounding === "up" && negative) || (rounding === "down" && !negative);
  const magnitude = format.saturate || inward ? format.largest : format.infinities ? Infinity : NaN;
  return negative ? -magnitude : magnitude;
}

/**
 * `x` rounded once to `format`.
 *
 * With q = max(2^floor(log2 |x|), smallest normal) * 2^-fractionBits the result is q times an integer next to x / q:
 * nearest (ties to even), toward zero, up, down, or floor(x / q + u). Beyond the largest number: infinity, NaN in a
 * format without infinities, or the largest number in a saturating format and where a directed mode points inward.
 * Infinities stay (NaN, or the largest number, in formats that have none or saturate). The sign of x is kept, also on
 * zeros.
 * @param u Uniform draw of stochastic rounding, a multiple of 2^-53 in [0, 1).
 * @param flush Results below the smallest normal number become zero of their sign.
 */
export function round(format: Format, x: number, rounding: Rounding = "nearest", u = 0, flush = false): number {
  if (x === 0 || Number.isNaN(x)) return x;
  const negative = x < 0;
  if (Math.abs(x) === Infinity) return overflowOf(format, negative, "nearest");
  const quantum = Math.max(binade(x), format.smallestNormal) * 2 ** -format.fractionBits;
  const magnitude = integerOf(Math.abs(x) / quantum, negative, rounding, u) * quantum;
  if (magnitude > format.largest) return overflowOf(format, negative, rounding);
  return copysign(flush && magnitude < format.smallestNormal ? 0 : magnitude, x);
}

function flushed(format: Format, x: number): number {
  return Math.abs(x) < format.smallestNormal ? copysign(0, x) : x;
}

/**
 * Rounds to nearest by adding and taking away a power of two so large that its last bit is the quantum; undefined where
 * that power is not a float64.
 */
function fastNearest(format: Format, flush: boolean): ((x: number) => number) | undefined {
  const { smallestNormal, largest, fractionBits } = format;
  const lift = 2 ** (52 - fractionBits);
  const top = binade(largest);
  if (fractionBits >= 52 || lift * top === Infinity) return undefined;
  const least = flush ? smallestNormal : 0;
  const beyond = overflowOf(format, false, "nearest");
  return (x) => {
    const anchor = Math.min(Math.max(binade(x), smallestNormal), top) * lift;
    const sum = Math.abs(x) + anchor - anchor;
    const magnitude = sum > largest ? beyond : sum < least ? 0 : sum;
    return x > 0 ? magnitude : x === 0 ? x : -magnitude;
  };
}

/** `round` with everything but the number fixed, by native rounding or additions where they do it. */
export function rounder(
  format: Format,
  rounding: Rounding = "nearest",
  flush = false,
): (x: number, u?: number) => number {
  if (isFloat64(format)) return flush ? (x) => flushed(format, x) : (x) => x;
  if (rounding === "stochastic") return (x, u = 0) => round(format, x, rounding, u, flush);
  if (rounding !== "nearest") return (x) => round(format, x, rounding, 0, flush);
  if (isFloat32(format)) return flush ? (x) => flushed(format, Math.fround(x)) : Math.fround;
  return fastNearest(format, flush) ?? ((x) => round(format, x, rounding, 0, flush));
}
