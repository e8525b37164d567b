/** Chebyshev series on [0, pi] of the angle: tables of kernels, and their integral that gives the dual of phi itself. */
import { cosPi } from "../../base/angles.ts";

export interface ChebyshevSeries {
  /** f(t) = sum c_k T_k(2 t / pi - 1). */
  readonly coefficients: Float64Array;
  /** Size of the last coefficients: what the table leaves out. */
  readonly error: number;
}

/** Interpolates at n Chebyshev nodes. */
export function interpolate(f: (t: number) => number, n: number): ChebyshevSeries {
  const values = Float64Array.from({ length: n }, (_, i) => f((Math.PI / 2) * (1 + cosPi((i + 0.5) / n))));
  const coefficients = Float64Array.from({ length: n }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[i] * cosPi(((i + 0.5) * k) / n);
    return ((k === 0 ? 1 : 2) * sum) / n;
  });
  const last = coefficients.subarray(n - 4).reduce((most, c) => Math.max(most, Math.abs(c)), 0);
  return { coefficients, error: 4 * last };
}

/** Clenshaw's recurrence. */
export function evaluate({ coefficients }: ChebyshevSeries, t: number): number {
  const x = (2 * t) / Math.PI - 1;
  let [b1, b2] = [0, 0];
  for (let k = coefficients.length - 1; k > 0; k--) [b1, b2] = [2 * x * b1 - b2 + coefficients[k], b1];
  return x * b1 - b2 + coefficients[0];
}

/** The antiderivative that is 0 at pi / 2. */
export function antiderivative(series: ChebyshevSeries): ChebyshevSeries {
  const c = series.coefficients;
  const n = c.length;
  const at = (k: number): number => (k < n ? c[k] : 0);
  const result = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) result[k] = ((Math.PI / 2) * ((k === 1 ? 2 : 1) * at(k - 1) - at(k + 1))) / (2 * k);
  const integral = { coefficients: result, error: Math.PI * series.error };
  result[0] -= evaluate(integral, Math.PI / 2);
  return integral;
}
