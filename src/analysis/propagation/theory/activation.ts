/** Moments of an activation under a normal pre-activation, by quadrature, and the rates that follow (papers/bn-relu 2.4, E5). */
import type { Activation } from "../../spectra/activation.ts";
import { evenly, gaussLegendre } from "../../spectra/gauss-legendre.ts";
import { exp } from "../../spectra/scalar.ts";
import { ActivationValues } from "../../spectra/values.ts";

export interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly square: number;
  /** Of the slope with respect to u, gamma's factor in it: E[phi'], E[phi'^2]. */
  readonly slope: number;
  readonly slopeSquare: number;
  /** E[(phi - mean) phi' u] / variance: how a small relative change of a sample's squared norm is multiplied per block. */
  readonly norm: number;
  /** Relative difference of the last two quadratures. */
  readonly error: number;
}

/** The normal density is below 1e-44 beyond. */
const reach = 14.2;
const density0 = 0.3989422804014327;
const converged = 1e-14;
const mostPanels = 3072;

/** Panels end at the kink of phi and at 0. */
function edges(panels: number, kink: number): number[] {
  const inner = Math.abs(kink) < reach && kink !== 0 ? [Math.min(kink, 0), Math.max(kink, 0)] : [0];
  const ends = [-reach, ...inner, reach];
  return ends.slice(1).flatMap((end, i) => {
    const part = evenly(ends[i], end, Math.max(1, Math.ceil((panels * (end - ends[i])) / (2 * reach))));
    return i === 0 ? part : part.slice(1);
  });
}

function momentsWith(values: ActivationValues, panels: number, gamma: number, beta: number): Omit<Moments, "error"> {
  const { nodes, weights } = gaussLegendre(16, edges(panels, -beta / gamma));
  const z = nodes.map((u) => gamma * u + beta);
  const [phi, slopes] = [values.value(z), values.slope(z)];
  const expectation = (f: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < nodes.length; i++) sum += weights[i] * density0 * exp(-0.5 * nodes[i] * nodes[i]) * f(i);
    return sum;
  };
  const mean = expectation((i) => phi[i]);
  const variance = expectation((i) => (phi[i] - mean) ** 2);
  return {
    mean,
    variance,
    square: expectation((i) => phi[i] * phi[i]),
    slope: gamma * expectation((i) => slopes[i]),
    slopeSquare: gamma * gamma * expectation((i) => slopes[i] * slopes[i]),
    norm: (gamma * expectation((i) => (phi[i] - mean) * slopes[i] * nodes[i])) / variance,
  };
}

/** Moments of phi(gamma u + beta), u standard normal: panels are doubled until two quadratures agree to 1e-14. */
export function momentsOf(activation: Activation, gamma = 1, beta = 0): Moments {
  const values = new ActivationValues(activation);
  try {
    let last = momentsWith(values, 24, gamma, beta);
    for (let panels = 48; ; panels *= 2) {
      const next = momentsWith(values, panels, gamma, beta);
      const error = Math.max(
        Math.abs(next.variance / last.variance - 1),
        Math.abs(next.slopeSquare / last.slopeSquare - 1),
      );
      if (error < converged || panels >= mostPanels) return { ...next, error };
      last = next;
    }
  } finally {
    values.dispose();
  }
}

/** E[phi'^2] / Var[phi]: what a norm that removes the mean gives, at a large batch (or width). */
export function centredSquaredRate({ slopeSquare, variance }: Moments): number {
  return slopeSquare / variance;
}

/** E[phi'^2] / E[phi^2]: of a norm that removes no mean, or whose operand has none. */
export function plainSquaredRate({ slopeSquare, square }: Moments): number {
  return slopeSquare / square;
}

/** E[phi']^2 / Var[phi]: the factor on a small correlation between samples. */
export function decorrelation({ slope, variance }: Moments): number {
  return (slope * slope) / variance;
}
