/**
 * Kernels of smooth activations as power series in the correlation, in double-double: E[phi'(u) phi'(v)] = sum c_k^2 rho^k
 * (Daniely et al. 2016). Every power of a positive semidefinite matrix of correlations is positive semidefinite (Schur), so
 * a relative error of the coefficients is one of every eigenvalue, however small.
 */
import type { Activation } from "./activation.ts";
import { addTo, multiply, type Pair } from "./double-double.ts";
import { hermiteExpansion } from "./hermite.ts";

export interface KernelSeries {
  /** c_k^2 of phi' and of phi. */
  readonly slope: Float64Array;
  readonly value: Float64Array;
  /** Sum of the coefficients that are left out, or noise: an entry error. */
  readonly tail: number;
}

const mostTerms = 1600;
/** Square of the absolute error of a coefficient. */
const noise = 1e-33;

/** The number of terms until c_k^2 is noise, about e^(-2 y sqrt(2 k)) for a pole at i y; undefined where that is too many. */
function termsFor({ smoothness }: Activation, s: number): number | undefined {
  if (smoothness.kind === "polynomial") return smoothness.coefficients.length + 1;
  if (smoothness.kind === "kink") return undefined;
  const terms = smoothness.kind === "entire" ? 400 * s * s : 820 * (s / smoothness.at) ** 2 + 20;
  return terms <= mostTerms ? Math.ceil(terms) : undefined;
}

const squares = (c: Float64Array, floor: number): Float64Array => c.map((x) => (x * x < floor ? 0 : x * x));

/** Undefined for kinks, and for poles so near that the series is too long. */
export function kernelSeries(activation: Activation, s = 1): KernelSeries | undefined {
  const terms = termsFor(activation, s);
  if (terms === undefined) return undefined;
  const { slope, value } = hermiteExpansion(activation, terms, s);
  const size = slope.reduce((sum, c) => sum + c * c, 0) + value.reduce((sum, c) => sum + c * c, 0);
  const exact = activation.smoothness.kind === "polynomial";
  // Coefficients of a polynomial that vanish are rounding of the quadrature, far below those that do not.
  const floor = exact ? 1e-24 * size : noise * size;
  return { slope: squares(slope, floor), value: squares(value, floor), tail: exact ? 0 : 4 * floor };
}

/** A matrix of double-double numbers, row-major. */
export interface PairMatrix {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/** sum_k coefficients[k] x^k entrywise, times `scale`, by Horner's rule. */
export function applySeries(coefficients: Float64Array, { high, low }: PairMatrix, scale = 1): PairMatrix {
  const result: PairMatrix = { high: new Float64Array(high.length), low: new Float64Array(low.length) };
  const sum: Pair = { hi: 0, lo: 0 };
  for (let i = 0; i < high.length; i++) {
    sum.hi = 0;
    sum.lo = 0;
    for (let k = coefficients.length - 1; k >= 0; k--) {
      multiply(sum, sum.hi, sum.lo, high[i], low[i]);
      addTo(sum, coefficients[k], 0);
    }
    multiply(sum, sum.hi, sum.lo, scale, 0);
    result.high[i] = sum.hi;
    result.low[i] = sum.lo;
  }
  return result;
}

/** The entrywise product. */
export function entrywise(a: PairMatrix, b: PairMatrix): PairMatrix {
  const result: PairMatrix = { high: new Float64Array(a.high.length), low: new Float64Array(a.low.length) };
  const product: Pair = { hi: 0, lo: 0 };
  for (let i = 0; i < a.high.length; i++) {
    multiply(product, a.high[i], a.low[i], b.high[i], b.low[i]);
    result.high[i] = product.hi;
    result.low[i] = product.lo;
  }
  return result;
}
