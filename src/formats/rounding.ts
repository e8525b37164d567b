/** Rounding to a format as an expression: what the compiling backends print. `round` is its meaning. */
import { UsageError } from "../base/errors.ts";
import type { Expr } from "../ir/expression.ts";
import * as e from "../ir/expression.ts";
import { isFloat32, isFloat64 } from "./define.ts";
import { binade, exponentOf } from "./float64-bits.ts";
import type { Format, Rounding } from "./format.ts";
import { overflowOf } from "./round.ts";

/** The arithmetic in which an expression is evaluated, every operation rounded to nearest. */
export type ArithmeticName = "float32" | "float64";

const machines: Readonly<Record<ArithmeticName, { fractionBits: number; topExponent: number }>> = {
  float32: { fractionBits: 23, topExponent: 127 },
  float64: { fractionBits: 52, topExponent: 1023 },
};

/**
 * Whether `roundingExpr(format, rounding, ..., machine)` is right for every x of that arithmetic. Draws have 53 bits, so
 * stochastic rounding needs float64.
 */
export function supportsRounding(format: Format, rounding: Rounding, machine: ArithmeticName): boolean {
  return machine === "float64" || (format.carrier === "float32" && rounding !== "stochastic");
}

/** 2^floor(log2 |x|) within the exponents of the format's normal numbers. */
function clampedBinade(format: Format, x: Expr): Expr {
  const low = e.max(e.binade(x), e.constant(format.smallestNormal));
  return e.min(low, e.constant(binade(format.largest)));
}

/** |x| / quantum as an integer of the rounding mode; exact until then, as the quantum is a power of two. */
function integerQuotient(x: Expr, quotient: Expr, rounding: Rounding, u: Expr): Expr {
  if (rounding === "nearest") return e.nearest(quotient);
  const low = e.floor(quotient);
  if (rounding === "zero") return low;
  const negative = e.lt(x, e.zero);
  if (rounding !== "stochastic") {
    const high = e.ceil(quotient);
    return rounding === "up" ? e.select(negative, low, high) : e.select(negative, high, low);
  }
  const rest = e.sub(quotient, low);
  const away = e.select(negative, e.gt(rest, u), e.ge(rest, e.sub(e.one, u)));
  return e.add(low, e.select(away, e.one, e.zero));
}

/** |x| rounded to a multiple of its quantum, before overflow. */
function magnitudeExpr(format: Format, rounding: Rounding, x: Expr, u: Expr, machine: ArithmeticName): Expr {
  const { fractionBits, topExponent } = machines[machine];
  const leading = clampedBinade(format, x);
  const lift = fractionBits - format.fractionBits;
  // Adding a power of two so large that its last bit is the quantum rounds to nearest, ties to even, in one addition.
  if (rounding === "nearest" && lift > 0 && exponentOf(format.largest) + lift <= topExponent) {
    const anchor = e.mul(leading, e.constant(2 ** lift));
    return e.sub(e.add(e.abs(x), anchor), anchor);
  }
  const quantum = e.mul(leading, e.constant(2 ** -format.fractionBits));
  return e.mul(integerQuotient(x, e.div(e.abs(x), quantum), rounding, u), quantum);
}

/** Beyond the largest number: infinity, NaN or the largest, by the mode and the sign. */
function overflowExpr(format: Format, rounding: Rounding, x: Expr, magnitude: Expr): Expr {
  const above = Math.abs(overflowOf(format, false, rounding));
  const below = Math.abs(overflowOf(format, true, rounding));
  const infinite = Math.abs(overflowOf(format, false, "nearest"));
  const finite = Object.is(above, below)
    ? e.constant(above)
    : e.select(e.lt(x, e.zero), e.constant(below), e.constant(above));
  const isInfinite = e.eq(e.abs(x), e.constant(Infinity));
  const beyond = rounding === "nearest" ? finite : e.select(isInfinite, e.constant(infinite), finite);
  return e.select(e.gt(magnitude, e.constant(format.largest)), beyond, magnitude);
}

/**
 * `round(format, x, rounding, u, flush)` as an expression, to be evaluated in `machine` arithmetic to nearest.
 * @param u The uniform draw; required for stochastic rounding.
 * @throws UsageError where the expression would be wrong in that arithmetic (`supportsRounding`).
 */
export function roundingExpr(
  format: Format,
  rounding: Rounding,
  flush: boolean,
  x: Expr,
  u?: Expr,
  machine: ArithmeticName = "float64",
): Expr {
  if (!supportsRounding(format, rounding, machine)) {
    throw new UsageError(`rounding to ${format.name} (${rounding}) cannot be done in ${machine} arithmetic`);
  }
  if (rounding === "stochastic" && u === undefined) throw new UsageError("stochastic rounding needs a uniform draw");
  const smallest = e.constant(format.smallestNormal);
  if (machine === "float64" ? isFloat64(format) : isFloat32(format)) {
    return flush ? e.copysign(e.select(e.lt(e.abs(x), smallest), e.zero, e.abs(x)), x) : x;
  }
  const unbounded = magnitudeExpr(format, rounding, x, u ?? e.zero, machine);
  const bounded = overflowExpr(format, rounding, x, unbounded);
  const kept = flush ? e.select(e.lt(bounded, smallest), e.zero, bounded) : bounded;
  return e.copysign(kept, x);
}
