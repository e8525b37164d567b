/** Additions in the accumulate format, one rounding each. */
import { arithmetic } from "../../formats/exact.ts";
import type { Format, Rounding } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import { drawCoordinates } from "../stochastic.ts";

export interface Accumulator {
  /** Sets the coordinates of stochastic rounding: the output's element and the step. */
  at(element: number, step: number): void;
  /** A term rounded to the accumulate format; `k` is its place in the sum. */
  round(x: number, k: number): number;
  add(a: number, b: number, k: number): number;
  /** strict: the product is rounded, then the sum; fused: one rounding. */
  multiplyAdd(a: number, b: number, c: number, k: number): number;
}

/** Integer sums: exact. */
export const integers: Accumulator = {
  at: () => undefined,
  round: (x) => x,
  add: (a, b) => a + b,
  multiplyAdd: (a, b, c) => a * b + c,
};

/** Sums in `precision.accumulate`; `node` is the program node that the loop belongs to. */
export function accumulator(precision: Precision, node: number): Accumulator {
  const { accumulate, arithmetic: kind } = precision;
  const uniform = drawCoordinates(precision, node);
  const { add, mul, fma } = arithmetic(accumulate, precision.rounding);
  const product = (a: number, b: number, c: number, k: number): number =>
    add(mul(a, b, uniform.at(k)), c, uniform.at(k));
  return {
    at: (element, step) => uniform.set(element, step),
    round: (x, k) => round(accumulate as Format, x, precision.rounding as Rounding, uniform.at(k)),
    add: (a, b, k) => add(a, b, uniform.at(k)),
    multiplyAdd: kind === "fused" ? (a, b, c, k) => fma(a, b, c, uniform.at(k)) : product,
  };
}
