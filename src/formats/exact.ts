/** Correctly rounded scalar arithmetic into any format, in every rounding mode: what the reference backend adds with. */
import { isFloat64 } from "./define.ts";
import {
  type ExactValue,
  exactFma,
  exactProduct,
  exactQuotient,
  exactRoot,
  exactSum,
  roundExact,
} from "./exact-value.ts";
import type { Format, Rounding } from "./format.ts";
import { addOdd, divOdd, fmaFloat64, fmaOdd, mulOdd, settledFma, sqrtOdd, subOdd } from "./odd.ts";
import { rounder } from "./round.ts";

export { addOdd, divOdd, fmaFloat32, fmaFloat64, fmaOdd, mulOdd, sqrtOdd, subOdd } from "./odd.ts";

/**
 * Operations on any float64 operands, each the exact result rounded once. `u` is the draw of stochastic rounding, a
 * multiple of 2^-53 in [0, 1). An exact sum of zero is +0 unless both terms are -0, in every mode.
 */
export interface Arithmetic {
  add(a: number, b: number, u?: number): number;
  sub(a: number, b: number, u?: number): number;
  mul(a: number, b: number, u?: number): number;
  div(a: number, b: number, u?: number): number;
  sqrt(x: number, u?: number): number;
  /** a * b + c rounded once (IEEE 754 fusedMultiplyAdd). */
  fma(a: number, b: number, c: number, u?: number): number;
}

/** Significant bits up to which rounding a float64 rounded to odd is exact. */
const oddBits = 51;
/** The same for stochastic rounding, whose draws then meet a fraction of at least 13 bits and a sticky one. */
const oddStochasticBits = 40;

/** By rounding float64 results to odd; formats of up to 51 significant bits. */
function narrowArithmetic(round: (x: number, u?: number) => number): Arithmetic {
  return {
    add: (a, b, u) => round(addOdd(a, b), u),
    sub: (a, b, u) => round(subOdd(a, b), u),
    mul: (a, b, u) => round(mulOdd(a, b), u),
    div: (a, b, u) => round(divOdd(a, b), u),
    sqrt: (x, u) => round(sqrtOdd(x), u),
    fma: (a, b, c, u) => round(fmaOdd(a, b, c), u),
  };
}

/** By big integers; `plain` is the IEEE result, which settles infinities, NaN and zeros. */
function wideArithmetic(format: Format, rounding: Rounding, flush: boolean): Arithmetic {
  const round = rounder(format, rounding, flush);
  const settle = (finite: boolean, plain: () => number, exact: () => ExactValue, u = 0): number => {
    if (!finite) return round(plain(), u);
    const value = exact();
    return value.significand === 0n ? plain() : roundExact(format, value, rounding, u, flush);
  };
  const finite = (...operands: number[]): boolean => operands.every(Number.isFinite);
  const add = (a: number, b: number, u?: number): number =>
    settle(
      finite(a, b),
      () => a + b,
      () => exactSum(a, b),
      u,
    );
  return {
    add,
    sub: (a, b, u) => add(a, -b, u),
    mul: (a, b, u) =>
      settle(
        finite(a, b),
        () => a * b,
        () => exactProduct(a, b),
        u,
      ),
    div: (a, b, u) =>
      settle(
        finite(a, b) && b !== 0,
        () => a / b,
        () => exactQuotient(a, b),
        u,
      ),
    sqrt: (x, u) =>
      settle(
        finite(x) && x >= 0,
        () => Math.sqrt(x),
        () => exactRoot(x),
        u,
      ),
    fma: (a, b, c, u) =>
      settle(
        finite(a, b, c),
        () => settledFma(a, b, c) ?? 0,
        () => exactFma(a, b, c),
        u,
      ),
  };
}

/** `format`'s arithmetic in a rounding mode; operands may be any float64 numbers. */
export function arithmetic(format: Format, rounding: Rounding = "nearest", flush = false): Arithmetic {
  if (isFloat64(format) && rounding === "nearest" && !flush) {
    return {
      add: (a, b) => a + b,
      sub: (a, b) => a - b,
      mul: (a, b) => a * b,
      div: (a, b) => a / b,
      sqrt: Math.sqrt,
      fma: fmaFloat64,
    };
  }
  if (format.fractionBits + 1 <= (rounding === "stochastic" ? oddStochasticBits : oddBits))
    return narrowArithmetic(rounder(format, rounding, flush));
  return wideArithmetic(format, rounding, flush);
}
