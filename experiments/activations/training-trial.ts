/** One training of the first layer on the circle, with what its Gram matrix at initialization predicts: E2, E9 and E13. */
import { activationNamed } from "../../src/analysis/spectra/activations.ts";
import {
  crudeSteps,
  frozenKernel,
  neededMovement,
  predictedRatio,
  predictedSteps,
  weightedSteps,
} from "../../src/analysis/spectra/frozen-kernel.ts";
import { halfCircle, type Points } from "../../src/analysis/spectra/points.ts";
import { separation } from "../../src/analysis/spectra/separation.ts";
import { train } from "../../src/analysis/spectra/training.ts";
import { gaussianWeights } from "../../src/analysis/spectra/weights.ts";
import { widthGram } from "../../src/analysis/spectra/width.ts";
import { stream } from "../../src/base/random.ts";
import { convention } from "../../src/conventions/index.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";

export const levels: readonly number[] = [0.5, 0.1, 0.01, 1e-4];

export interface TrainingTrial {
  readonly activation: string;
  readonly n: number;
  readonly width: number;
  /** largest: 1 / lambda_max of each network; common: `eta` for all. */
  readonly step: "largest" | "common";
  readonly eta: number;
  readonly steps: number;
  readonly replica: number;
  /** "" or the format that the forward pass rounds the weights to. */
  readonly weightFormat: string;
  /** relu'(0). */
  readonly alpha: number;
}

export interface TrainingRow {
  readonly stepSize: number;
  readonly time: readonly number[];
  readonly ratio: readonly number[];
  readonly predictedRatio: readonly number[];
  /** Steps to each of `levels`; null where it was not reached. */
  readonly reached: readonly (number | null)[];
  /** By the spectrum at initialization; "Infinity" where it says never. */
  readonly predicted: readonly number[];
  readonly crude: readonly number[];
  readonly weighted: readonly number[];
  readonly lambdaMin: number;
  readonly lambdaMax: number;
  /** R of flaw F5, and a tenth of the angular gap that it must stay below. */
  readonly needed: number;
  readonly allowed: number;
  readonly moved: number;
  readonly signChanges: number;
  readonly lastRatio: number;
  readonly lastPredicted: number;
}

/** Independent labels of -1 and 1: the same for all activations of a replica. */
export function labels(n: number, seed: number, replica: number): Float64Array {
  const draws = stream(seed, `activations/labels/${replica}`);
  return Float64Array.from({ length: n }, () => 2 * draws.integer(2) - 1);
}

/** Trains on any points with any targets. */
export function trainingRow(
  points: Points,
  targets: ArrayLike<number>,
  trial: Omit<TrainingTrial, "n">,
  context: Pick<TrialContext, "seed" | "signal" | "progress">,
): TrainingRow {
  const { activation, width, step, eta, steps, replica, weightFormat, alpha } = trial;
  const weights = gaussianWeights(width, points.d, context.seed, replica);
  const layer = { activation: activationNamed(activation), points, weights };
  const chosen = convention("pytorch-1.13", { "relu.zero": alpha });
  const gram = widthGram(layer, { convention: chosen, signal: context.signal });
  const shape = frozenKernel(gram, targets);
  const stepSize = step === "common" ? eta : 1 / Math.max(...shape.lambda);
  const record = train(layer, {
    ...{ labels: targets, eta: stepSize, steps, subtract: true, levels, convention: chosen },
    ...{ signal: context.signal, progress: context.progress },
    ...(weightFormat === "" ? {} : { weightFormat }),
  });
  const kernel = frozenKernel(gram, record.residual);
  const last = record.steps.length - 1;
  return {
    stepSize,
    time: record.steps,
    ratio: record.ratios,
    predictedRatio: record.steps.map((t) => predictedRatio(kernel, stepSize, t)),
    reached: record.reached,
    predicted: levels.map((level) => predictedSteps(kernel, stepSize, level)),
    crude: levels.map((level) => crudeSteps(kernel, stepSize, level)),
    weighted: levels.map((level) => weightedSteps(kernel, stepSize, level)),
    lambdaMin: Math.min(...kernel.lambda),
    lambdaMax: Math.max(...kernel.lambda),
    needed: neededMovement(kernel, record.residual, width),
    allowed: 0.1 * separation(points).delta,
    moved: record.moved,
    signChanges: record.signChanges,
    lastRatio: record.ratios[last],
    lastPredicted: predictedRatio(kernel, stepSize, record.steps[last]),
  };
}

export function trainingTrial(trial: TrainingTrial, context: TrialContext): TrainingRow[] {
  return [trainingRow(halfCircle(trial.n), labels(trial.n, context.seed, trial.replica), trial, context)];
}

export const trainingParameters = {
  activation: { type: "string", default: "relu", doc: "name with parameters" },
  n: { type: "integer", default: 10, doc: "points of the half circle", minimum: 2, maximum: 500 },
  width: { type: "integer", default: 32_768, doc: "units", minimum: 1 },
  step: { type: "string", default: "common", doc: "step size", choices: ["largest", "common"] },
  eta: { type: "number", default: 0.15, doc: "the common step size", minimum: 0 },
  steps: { type: "integer", default: 1000, doc: "steps at most", minimum: 1 },
  replica: { type: "integer", default: 0, doc: "draw of weights and labels", minimum: 0 },
  weightFormat: { type: "string", default: "", doc: "format of the weights in the forward pass; empty: float64" },
  alpha: { type: "number", default: 0, doc: "relu'(0)" },
} as const;
