/** Exact spectra of equidistant points of the circle (papers/activations 2.6). */
import type { Activation } from "./activation.ts";
import type { Eigenvalues } from "./eigenvalues.ts";
import { fourierCoefficients, gramCoefficients } from "./fourier.ts";
import type { Points } from "./points.ts";

/** n sum of g_l over the integers l = j mod m. */
function folded(g: Float64Array, n: number, j: number, m: number): number {
  let sum = 0;
  for (let l = g.length - 1; l >= 1; l--) {
    if ((l - j) % m === 0) sum += g[l];
    if ((l + j) % m === 0) sum += g[l];
  }
  if (j % m === 0) sum += g[0];
  return n * sum;
}

const isOdd = (g: Float64Array): boolean => g.every((value, l) => l % 2 === 1 || value === 0);

/**
 * Eigenvalues by sums of Fourier coefficients: the full circle always (H is circulant), the half circle where only odd
 * frequencies occur (tanh, erf, sigmoid: H is skew-circulant). Undefined elsewhere, and for kinks, whose series is too long.
 */
export function circleEigenvalues(points: Points, activation: Activation): Eigenvalues | undefined {
  const { smoothness } = activation;
  if (points.arc === undefined || smoothness.kind === "kink") return undefined;
  const g = gramCoefficients(fourierCoefficients(activation));
  const { n } = points;
  const half = points.arc.kind === "half";
  if (half && !isOdd(g)) return undefined;
  const values = Float64Array.from({ length: n }, (_, j) =>
    half ? folded(g, n, 2 * j + 1, 2 * n) : folded(g, n, j, n),
  ).sort();
  const largest = values[n - 1];
  // g = |b|^2 and b has an absolute error of a few 2^-53 of the largest: 2 |b| times it, and its square.
  const slip = 8 * 2 ** -53 * Math.sqrt(largest / n);
  const errors = values.map((value) => 1e-14 * value + 2 * slip * Math.sqrt(value * n) + n * slip * slip);
  return { values, errors, method: "Fourier sums on the circle" };
}
