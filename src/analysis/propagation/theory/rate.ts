/** What theory says of the rate of a network of equal blocks, and where it comes from. */
import { activationNamed } from "../../spectra/activations.ts";
import type { DeepNetwork } from "../network.ts";
import { centredSquaredRate, momentsOf, plainSquaredRate } from "./activation.ts";
import { rateActNorm, reluSquaredRate, squaredRateFrozen, squaredRateLinear, squaredRateNormAct } from "./batch.ts";
import { residualGrowth } from "./residual.ts";

export interface TheoryRate {
  /** Per block; null where there is no theory. */
  readonly rate: number | null;
  /** Standard error of a Monte Carlo; 0 otherwise. */
  readonly error: number;
  readonly source: string;
}

const none = (source: string): TheoryRate => ({ rate: null, error: 0, source });
const exact = (squared: number, source: string): TheoryRate => ({ rate: Math.sqrt(squared), error: 0, source });

/** @param net gamma and beta are those of all norms. @param batch Values that one statistic of batch norm is of. */
export function theoryRate(net: DeepNetwork, batch: number, gamma = 1, beta = 0): TheoryRate {
  const { norm, order, residual, depth, activation: name } = net;
  if (net.kind === "conv" && (net.padding === "zero" || (norm?.kind ?? "batch") !== "batch")) {
    return none("no theory: borders (or images) change the statistics");
  }
  const isRelu = name === "relu" && beta === 0;
  if (residual !== "none") {
    if (residual === "post2" || norm === undefined || (norm.kind ?? "batch") !== "batch" || !isRelu) {
      return none("no closed form for this residual network");
    }
    const layers = residual === "pre1" ? 1 : 2;
    const growth = residualGrowth(depth, layers);
    return exact(growth ** (2 / depth), `power law of E10, mean over ${depth} blocks: growth ${growth.toPrecision(6)}`);
  }
  const activation = activationNamed(name);
  if (norm === undefined) {
    const linear = isRelu ? 1 : undefined;
    return linear === undefined
      ? none("no fixed point without a norm")
      : exact(1, "He initialization: E[phi'^2] = 1/2");
  }
  const kind = norm.kind ?? "batch";
  if (kind === "group") return none("finite groups: no closed form (E12)");
  // Before an activation gamma and beta act inside of it; after it gamma scales and beta is removed by the next mean.
  const moments = order === "norm-act" ? momentsOf(activation, gamma, beta) : momentsOf(activation);
  const { eps = 1e-5 } = norm;
  if (kind === "batch" && isRelu && order === "norm-act" && eps * reluSquaredRate >= gamma * gamma) {
    // The fixed point s^2 + eps = (1 - 1/pi) gamma^2 is gone (papers/bn-relu 5, T3).
    return exact((gamma * gamma) / eps, "eps above (1 - 1/pi) gamma^2: the signal dies, gamma / sqrt(eps)");
  }
  if (norm.frozen === true) {
    return isRelu && order === "norm-act"
      ? exact(squaredRateFrozen(batch), `2.5 without the projection, exact at batch ${batch}`)
      : exact(centredSquaredRate(moments), "E[phi'^2] / Var[phi], large batch");
  }
  if (kind === "batch" && isRelu && order === "norm-act")
    return exact(squaredRateNormAct(batch), `2.5, exact at batch ${batch}`);
  if (kind === "batch" && isRelu) {
    const { value, error } = rateActNorm(batch);
    return {
      rate: value,
      error,
      source: `2.5, Monte Carlo at batch ${batch} (standard error ${error.toExponential(1)})`,
    };
  }
  if (
    kind === "batch" &&
    activation.smoothness.kind === "polynomial" &&
    activation.smoothness.coefficients.length === 2
  ) {
    return exact(squaredRateLinear(batch), `linear, exact at batch ${batch}`);
  }
  const centred = kind === "batch" || (kind === "layer" && order === "act-norm");
  const squared = centred ? centredSquaredRate(moments) : plainSquaredRate(moments);
  const of = centred ? "Var[phi]" : "E[phi^2]";
  return exact(squared, `E[phi'^2] / ${of}, ${kind === "batch" ? "large batch" : "large width"}`);
}
