/** Dual kernels of an activation as functions of the angle: of phi' (first layer) and of phi (second layer, depth). */

import { cosPi, sinPi } from "../../base/angles.ts";
import type { Activation } from "./activation.ts";
import { antiderivative, evaluate, interpolate } from "./chebyshev.ts";
import { closedDual } from "./closed-duals.ts";
import { fourierCoefficients, fromFourier } from "./fourier.ts";
import { hermiteExpansion } from "./hermite.ts";
import { type KernelSeries, kernelSeries } from "./series.ts";

export interface Dual {
  /** E[phi'(s u) phi'(s v)] and E[phi(s u) phi(s v)], cos t = E[u v]. */
  slope(t: number): number;
  value(t: number): number;
  /** Bound on the error of both. */
  readonly error: number;
  readonly method: "closed form" | "table of a closed form" | "Fourier series" | "polynomial";
  /** E phi. */
  readonly mean: number;
}

const tableSize = 96;
const rounding = 2 ** -52;

function slopeOf(activation: Activation, s: number): Pick<Dual, "slope" | "error" | "method"> {
  const closed = closedDual(activation, s);
  if (activation.smoothness.kind === "polynomial") {
    const { slope: c } = kernelSeries(activation, s) as KernelSeries;
    const at = (t: number): number => c.reduceRight((sum, term) => sum * cosPi(t / Math.PI) + term, 0);
    return { slope: at, error: 16 * rounding * at(0), method: "polynomial" };
  }
  if (closed === undefined) {
    const q = fourierCoefficients(activation, s);
    const size = fromFourier(q, 0);
    return { slope: (t) => fromFourier(q, t), error: 16 * rounding * size, method: "Fourier series" };
  }
  const { dual } = activation;
  const expensive = dual?.kind === "pieces" && dual.pieces.exponential !== 0;
  if (!expensive) return { slope: closed, error: 8 * rounding * closed(0), method: "closed form" };
  const series = interpolate(closed, tableSize);
  const error = series.error + 32 * rounding * closed(0);
  return { slope: (t) => evaluate(series, t), error, method: "table of a closed form" };
}

const known = new Map<string, Dual>();

/** Made once per activation and `s`, the standard deviation of the pre-activation. */
export function dualOf(activation: Activation, s = 1): Dual {
  const key = `${activation.name} ${s}`;
  const dual = known.get(key) ?? makeDual(activation, s);
  known.set(key, dual);
  return dual;
}

function makeDual(activation: Activation, s: number): Dual {
  const { slope, error, method } = slopeOf(activation, s);
  const mean = hermiteExpansion(activation, 1, s).value[0];
  // k(cos t) = k(0) - int_(pi / 2)^t s^2 k'(cos x) sin x dx, as d k / d rho = s^2 k'.
  const integral = antiderivative(interpolate((t) => s * s * slope(t) * sinPi(t / Math.PI), tableSize));
  return {
    slope,
    value: (t) => mean * mean - evaluate(integral, t),
    error: Math.max(1, s * s) * (4 * error + integral.error),
    method,
    mean,
  };
}

/** H(cos t) = cos t E[phi' phi']. */
export function gramValue(dual: Pick<Dual, "slope">, t: number): number {
  return cosPi(t / Math.PI) * dual.slope(t);
}
