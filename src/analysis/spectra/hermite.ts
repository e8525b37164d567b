/** Coefficients of a function in orthonormal Hermite polynomials: c_k = E[f(s z) h_k(z)], z standard normal. */
import type { Activation } from "./activation.ts";
import { evenly, gaussLegendre } from "./gauss-legendre.ts";
import { exp } from "./scalar.ts";
import { ActivationValues } from "./values.ts";

/** The normal density is below 1e-44 beyond. */
const reach = 14.2;
const density0 = 0.3989422804014327;

export interface HermiteExpansion {
  /** Coefficients of phi' and of phi. */
  readonly slope: Float64Array;
  readonly value: Float64Array;
}

/** c_0 .. c_(count-1) of values at the nodes. */
function project(f: Float64Array, z: Float64Array, weights: Float64Array, count: number): Float64Array {
  const result = new Float64Array(count);
  for (let i = 0; i < z.length; i++) {
    const w = weights[i] * f[i];
    let [value, before] = [1, 0];
    for (let k = 0; k < count; k++) {
      result[k] += w * value;
      [value, before] = [(z[i] * value - Math.sqrt(k) * before) / Math.sqrt(k + 1), value];
    }
  }
  return result;
}

/**
 * `count` coefficients for pre-activations of standard deviation `s`, absolute error about 1e-16. Panels end at 0, so a kink
 * there costs nothing.
 */
export function hermiteExpansion(activation: Activation, count: number, s = 1): HermiteExpansion {
  const steep = activation.smoothness.kind === "pole" ? s / activation.smoothness.at : s;
  const panels = Math.ceil(24 * Math.max(1, steep, Math.sqrt(count) / 12));
  const { nodes, weights } = gaussLegendre(16, [...evenly(-reach, 0, panels), ...evenly(0, reach, panels).slice(1)]);
  const measure = weights.map((w, i) => w * density0 * exp(-0.5 * nodes[i] * nodes[i]));
  const values = new ActivationValues(activation);
  const scaled = nodes.map((z) => s * z);
  const expansion = {
    slope: project(values.slope(scaled), nodes, measure, count),
    value: project(values.value(scaled), nodes, measure, count),
  };
  values.dispose();
  return expansion;
}
