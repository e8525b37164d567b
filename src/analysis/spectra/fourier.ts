/**
 * Fourier coefficients of the dual kernel of a smooth activation in the angle (papers/activations 2.6): with b_l(r) those of
 * a -> phi'(s r cos a) and q_l = E_r |b_l(r)|^2, r Rayleigh, E[phi' phi'] = sum_l q_l cos(l t). Sums of squares: relative
 * accuracy down to about 1e-31 of q_0.
 */

import { cosPi } from "../../base/angles.ts";
import type { Activation } from "./activation.ts";
import { CosineTransform } from "./cosine-transform.ts";
import { evenly, gaussLegendre } from "./gauss-legendre.ts";
import { exp } from "./scalar.ts";
import { ActivationValues } from "./values.ts";

/** Rayleigh's density is below 1e-40 beyond. */
const reach = 13.8;
/** Coefficients below this share of the largest are noise. */
const noise = 1e-32;

/** Width of the features of phi' relative to those of tanh. */
const steepness = ({ smoothness }: Activation, s: number): number =>
  Math.max(1, smoothness.kind === "pole" ? (s * Math.PI) / 2 / smoothness.at : s);

/**
 * Panels for r: near 0 the coefficients change on the scale of the distance y / s of the poles, further out on that of r.
 * Angles: phi'(s r cos a) has its nearest pole at distance asinh(y / (s r)) from the real ones; e^(-angles * that) is left out.
 */
function panelsFor(steep: number): number[] {
  const edges = [0];
  for (let r = 1 / steep; r < 0.9; r *= 1.5) edges.push(r);
  return [...edges, ...evenly(0.9, reach, 16)];
}

const known = new Map<string, Float64Array>();

/** q_l until they are noise, computed once per activation; `s` is the standard deviation of the pre-activation. */
export function fourierCoefficients(activation: Activation, s = 1): Float64Array {
  const key = `${activation.name} ${s}`;
  const q = known.get(key) ?? measure(activation, s);
  known.set(key, q);
  return q;
}

function measure(activation: Activation, s: number): Float64Array {
  const steep = steepness(activation, s);
  const angles = 2 ** Math.ceil(Math.log2(512 * steep));
  const { nodes, weights } = gaussLegendre(16, panelsFor(steep));
  const transform = new CosineTransform(angles);
  const cosines = Float64Array.from({ length: angles }, (_, j) => cosPi((j + 0.5) / angles));
  const values = new ActivationValues(activation);
  const q = new Float64Array(angles / 2);
  for (let i = 0; i < nodes.length; i++) {
    const r = nodes[i];
    const b = transform.forward(values.slope(cosines.map((cosine) => s * r * cosine)));
    const weight = weights[i] * r * exp(-0.5 * r * r);
    for (let l = 0; l < q.length; l++) q[l] += weight * b[l] * b[l];
  }
  values.dispose();
  const largest = q.reduce((a, b) => Math.max(a, b), 0);
  let last = q.length - 1;
  while (last > 0 && q[last] < noise * largest) last--;
  return q.map((value) => (value < noise * largest ? 0 : value)).slice(0, last + 1);
}

/** sum_l q_l cos(l t) over all integers l, by Clenshaw's recurrence in cos t. */
export function fromFourier(q: Float64Array, t: number): number {
  const x = cosPi(t / Math.PI);
  let [b1, b2] = [0, 0];
  for (let l = q.length - 1; l > 0; l--) [b1, b2] = [2 * x * b1 - b2 + 2 * q[l], b1];
  return x * b1 - b2 + q[0];
}

/** g_l = (q_(l-1) + q_(l+1)) / 2: H(cos t) = cos t E[phi' phi'] = sum over all l of g_l cos(l t). */
export function gramCoefficients(q: Float64Array): Float64Array {
  const at = (l: number): number => q[Math.abs(l)] ?? 0;
  return Float64Array.from({ length: q.length + 1 }, (_, l) => (at(l - 1) + at(l + 1)) / 2);
}
