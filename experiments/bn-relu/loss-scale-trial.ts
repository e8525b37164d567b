/** One loss scaling of a deep BN-ReLU perceptron in training: which gradients leave the range of the format, and what it learns. */

import { layerScale } from "../../src/analysis/propagation/theory/formats.ts";
import { forEachSample, type Samples } from "../../src/analysis/training/evaluation.ts";
import type { Trainer } from "../../src/analysis/training/trainer.ts";
import { precision } from "../../src/formats/precision.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import { LossScaler, lossScaleNamed } from "../../src/nn/loss-scale.ts";
import { MlpTrainer, toySource } from "./mlp-trainer.ts";
import { blockMatrices, trainMlp } from "./train-mlp.ts";

export interface LossScaleTrial {
  readonly format: string;
  /** Whether blocks have powers of two from the rate at initialization (8.2). */
  readonly layers: boolean;
  /** Of the loss: "fixed" tries every power, "dynamic" starts at 65536. */
  readonly scaling: "fixed" | "dynamic";
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
  readonly optimizer: string;
  readonly lr: number;
  readonly replicas: number;
}

export interface LossScaleRow {
  readonly replica: number;
  /** "2^8", "dynamic:interval=20". */
  readonly scale: string;
  readonly skipped: number;
  /** Binary logarithm of the scale at the end. */
  readonly endPower: number;
  /** Blocks whose weight gradient has an entry that is not finite, or else 0 in more than half of its entries: mean over the steps. */
  readonly lostToInfinity: number;
  readonly lostToZero: number;
  /** The same in the first step. */
  readonly firstToInfinity: number;
  readonly firstToZero: number;
  /**
   * Of the test samples at the end: mean cross-entropy of the stored logits (a loss that is stored in 8 bits says little), and
   * accuracy.
   */
  readonly testLoss: number;
  readonly accuracy: number;
  readonly divergedAt: number | null;
  /** Of every step: lost blocks, and the binary logarithm of the scale. */
  readonly lost: readonly number[];
  readonly powers: readonly number[];
  /** Per block, from the input: share of its gradient's entries that are 0 in the first step, and in the last. */
  readonly firstZeros: readonly number[];
  readonly lastZeros: readonly number[];
}

export const fixedPowers: readonly number[] = [-16, -12, -8, -4, 0, 4, 8, 12, 16, 20, 24];
export const dynamicScales: readonly string[] = ["dynamic", "dynamic:interval=20"];

interface Step {
  readonly power: number;
  readonly infinite: number;
  /** Per block: share of zeros; 0 where an entry is not finite. */
  readonly zeros: readonly number[];
}

function measured(trainer: Trainer, names: readonly string[], power: number): Step {
  let infinite = 0;
  const zeros = names.map((name) => {
    const g = trainer.engine.buffer(name);
    let [none, finite] = [0, true];
    for (const x of g) {
      if (x === 0) none++;
      else if (!Number.isFinite(x)) finite = false;
    }
    if (!finite) infinite++;
    return finite ? none / g.length : 0;
  });
  return { power, infinite, zeros };
}

const isLost = (zeros: number): boolean => zeros > 0.5;
const lostToZero = ({ zeros }: Step): number => zeros.filter(isLost).length;
const rounded = (x: number): number => Number(x.toPrecision(4));

function summary(
  steps: readonly Step[],
): Omit<LossScaleRow, "replica" | "scale" | "skipped" | "endPower" | "testLoss" | "accuracy" | "divergedAt"> {
  const mean = (of: (step: Step) => number): number => steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  const [first, last] = [steps[0], steps[steps.length - 1]];
  return {
    lostToInfinity: rounded(mean(({ infinite }) => infinite)),
    lostToZero: rounded(mean(lostToZero)),
    firstToInfinity: first.infinite,
    firstToZero: lostToZero(first),
    lost: steps.map((step) => step.infinite + lostToZero(step)),
    powers: steps.map(({ power }) => rounded(power)),
    firstZeros: first.zeros.map(rounded),
    lastZeros: last.zeros.map(rounded),
  };
}

/** Mean cross-entropy of the logits as they are stored, to four digits. */
function testLoss({ engine, network }: Trainer, samples: Samples): number {
  const logits = engine.buffer("evaluation/logits");
  const { classes } = network;
  let sum = 0;
  forEachSample(engine, samples, (i, label) => {
    const row = Array.from(logits.subarray(i * classes, (i + 1) * classes));
    const top = Math.max(...row);
    sum += Math.log(row.reduce((total, z) => total + Math.exp(z - top), 0)) + top - row[label];
  });
  return rounded(sum / samples.count);
}

/** One row per scale and replica. */
export async function lossScaleTrial(trial: LossScaleTrial, context: TrialContext): Promise<LossScaleRow[]> {
  const { format, layers, scaling, depth, width, batch, steps, optimizer, lr, replicas } = trial;
  const network = trainMlp(depth, width);
  const names = blockMatrices(network).map((i) => `d:${network.parameters[i].name}`);
  // The classifier is on top, then the blocks: the uppermost has the loss's own scale.
  const perLayer = layers ? { layerScale: (below: number) => layerScale(Math.max(0, below - 1)) } : {};
  const scales =
    scaling === "dynamic"
      ? dynamicScales
      : fixedPowers.filter((k) => format !== "float32" || k === 0).map((k) => `2^${k}`);
  const numbers = {
    precision: precision(format),
    lossScale: lossScaleNamed(scales[0]),
    masterWeights: true,
    ...perLayer,
  };
  const runner = new MlpTrainer({ network, optimizer, batch, steps, numbers }, context);
  const { trainer } = runner;
  const rows: LossScaleRow[] = [];
  try {
    for (let replica = 0; replica < replicas; replica++) {
      const source = toySource("easy", batch, context.seed, replica);
      for (const scale of scales) {
        const seen: Step[] = [];
        let power = Math.log2(new LossScaler(lossScaleNamed(scale)).state.scale);
        const watch = (): void => {
          seen.push(measured(trainer, names, power));
          power = Math.log2(trainer.scaler?.state.scale ?? 1);
          context.progress((rows.length + seen.length / steps) / (replicas * scales.length));
        };
        const run = { lr, schedule: "constant", replica, lossScale: lossScaleNamed(scale) };
        const last = (await runner.run(run, source, watch)).at(-1);
        rows.push({
          replica,
          scale,
          skipped: trainer.scaler?.state.skipped ?? 0,
          endPower: power,
          ...summary(seen),
          testLoss: testLoss(trainer, source.evaluated),
          accuracy: last?.evaluation?.accuracy ?? 0,
          divergedAt: last?.diverged?.step ?? null,
        });
      }
    }
    return rows;
  } finally {
    runner.dispose();
  }
}
