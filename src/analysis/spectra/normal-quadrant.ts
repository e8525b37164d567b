/**
 * Moments of a pair of standard normal numbers with correlation cos t over a quadrant, with exponentials: what dual kernels
 * of piecewise activations are made of (papers/activations 2.4, here for any scale s of the pre-activation).
 */
import { cosPi, sinPi } from "../../base/angles.ts";
import { gaussLegendre } from "./gauss-legendre.ts";
import { exp, normalDistribution } from "./scalar.ts";

/** Panels that shrink towards the end, where the first integrand changes on the scale of its distance to pi / 2. */
const edges: readonly number[] = [0, 0.4, 0.65, 0.8, 0.9, 0.95, 0.975, 0.9875, 0.99375, 0.996875, 1];
const { nodes, weights } = gaussLegendre(16, edges);

/** (1 / 2 pi) int_0^asin(rho) f(theta) d theta = the part of a bivariate distribution that correlation adds. */
function overAngles(t: number, f: (sine: number, cosine: number) => number): number {
  const end = 0.5 - t / Math.PI;
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) {
    const x = end * nodes[i];
    sum += weights[i] * f(sinPi(x), cosPi(x));
  }
  return (sum * end) / 2;
}

export interface QuadrantMoments {
  /** P(u > 0, v > 0) and P(u > 0, v < 0). */
  readonly same: number;
  readonly opposite: number;
  /** E[e^(s v); u > 0, v < 0], E[e^(s v); u < 0, v < 0], E[e^(s (u + v)); u < 0, v < 0]. */
  readonly mixed: number;
  readonly left: number;
  readonly both: number;
}

/**
 * By Phi2(h, k; rho) = Phi(h) Phi(k) + (1 / 2 pi) int_0^asin(rho) exp(-(h^2 - 2 h k sin + k^2) / (2 cos^2)) d theta with
 * h = -rho s, k = -s and h = k = -(1 + rho) s. Absolute error about 1e-16 times e^(2 s^2).
 */
export function quadrantMoments(t: number, s: number): QuadrantMoments {
  const rho = cosPi(t / Math.PI);
  const half = s * s;
  const tail = normalDistribution(-s);
  const first =
    normalDistribution(-rho * s) * tail +
    overAngles(t, (sine, cosine) => exp(-0.5 * half * (1 + ((rho - sine) / cosine) ** 2)));
  const h = (1 + rho) * s;
  const second = normalDistribution(-h) ** 2 + overAngles(t, (sine) => exp((-h * h) / (1 + sine)));
  const growth = exp(half / 2);
  const mixed = growth * (tail - first);
  return {
    same: 0.5 - t / (2 * Math.PI),
    opposite: t / (2 * Math.PI),
    mixed,
    left: growth * tail - mixed,
    both: exp(half * (1 + rho)) * second,
  };
}
