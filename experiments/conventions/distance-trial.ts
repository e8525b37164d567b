/** The trial of conventions/distance: one random network, a few mini-batches, the gradient under every framework's conventions. */
import { type KinkCount, type Norms, PresetGradients } from "../../src/analysis/conventions/gradients.ts";
import { type FrameworkSettings, presetSettings } from "../../src/analysis/conventions/presets.ts";
import { checkInput } from "../../src/analysis/zone/cell.ts";
import { modelNamed } from "../../src/analysis/zone/model.ts";
import { UsageError } from "../../src/base/errors.ts";
import { BatchLoader } from "../../src/data/loader.ts";
import { formatOf, precision } from "../../src/formats/precision.ts";
import { rounder } from "../../src/formats/round.ts";
import type { Experiment, StoredRow, TrialContext } from "../../src/lab/experiment.ts";

export interface DistanceTrial {
  readonly model: string;
  readonly data: string;
  readonly format: string;
  readonly init: string;
  readonly lossScale: number;
  readonly batch: number;
  /** Mini-batches per network: one row each. */
  readonly batches: number;
  /** Networks per cell; 0 takes the scale's own numbers. */
  readonly inits: number;
  readonly network: number;
}

export interface DistanceRecord {
  /** Number of the mini-batch. */
  readonly minibatch: number;
  /** Which copy of the data. */
  readonly copy: string;
  readonly loss: number;
  readonly kinks: readonly KinkCount[];
  /** Kinks of the network that no preset says anything about. */
  readonly unsaid: readonly string[];
  readonly settings: readonly string[];
  readonly frameworks: readonly FrameworkSettings[];
  /** Of the pairs of settings (`pairIndex`): sums over parameters of L-infinity norms; L2 over the first gradient's. */
  readonly linf: readonly number[];
  readonly l2: readonly (number | null)[];
  /** Of the gradient under the first setting: norms, NaN entries, share of entries that are 0. */
  readonly gradient: Norms;
  readonly nan: number;
  readonly zeros: number;
}

export type DistanceStored = StoredRow<DistanceTrial, DistanceRecord>;

export const distanceParameters: Experiment<DistanceTrial, DistanceRecord>["parameters"] = {
  model: { type: "string", default: "lenet", doc: "the network" },
  data: { type: "string", default: "mnist", doc: "data set" },
  format: { type: "string", default: "float32", doc: "number format of every value" },
  init: { type: "string", default: "default", doc: "law of the initial weights" },
  lossScale: { type: "number", default: 1, doc: "power of two that multiplies the loss" },
  batch: { type: "integer", default: 128, doc: "mini-batch size", minimum: 1 },
  batches: { type: "integer", default: 2, doc: "mini-batches per network", minimum: 1 },
  inits: {
    type: "integer",
    default: 0,
    doc: "networks per cell; 0: the scale's own number",
    minimum: 0,
    gridOnly: true,
  },
  network: { type: "integer", default: 0, doc: "number of the network", minimum: 0 },
};

export function distanceTrial(trial: DistanceTrial, context: TrialContext): readonly DistanceRecord[] {
  const { batch, batches, network, init } = trial;
  if (!(trial.lossScale > 0) || !Number.isInteger(Math.log2(trial.lossScale))) {
    throw new UsageError(`lossScale: found ${trial.lossScale}, expected a power of two`);
  }
  const images = context.data(trial.data, "train");
  const shape = [images.channels, images.height, images.width];
  const sample = { input: shape, classes: images.classes };
  const model = modelNamed(trial.model, sample);
  checkInput(model, shape, images.classes);
  const chosen = precision(trial.format);
  const { kinks, unsaid, settings, frameworks } = presetSettings(model.loss(batch));
  const round = rounder(formatOf(chosen, "store"));
  // The maxpool paper's pixels in [-1, 1]; sets with means of their own keep them.
  const scaling = trial.data.endsWith("mnist") ? { normalisation: "half" } : {};
  const loader = new BatchLoader(images, {
    batch,
    seed: context.seed,
    shuffle: true,
    dropLast: true,
    round,
    ...scaling,
  });
  if (batches > loader.batches) {
    throw new UsageError(`batches: found ${batches}, ${trial.data} has ${loader.batches} mini-batches of ${batch}`);
  }
  const gradients = new PresetGradients(model, batch, settings, chosen, trial.lossScale);
  try {
    gradients.write(model.draw({ law: init, draw: "float32", format: chosen.store }, context.seed, network));
    const [x, labels] = [new Float64Array(batch * shape.reduce((a, b) => a * b, 1)), new Int32Array(batch)];
    return Array.from({ length: batches }, (_, minibatch): DistanceRecord => {
      context.signal.throwIfAborted();
      loader.write(network, minibatch, x, labels);
      gradients.write({ x, labels });
      gradients.run();
      context.progress((minibatch + 1) / batches);
      const { norm, ...distances } = gradients.distances();
      return {
        minibatch,
        copy: images.variant,
        loss: gradients.loss(),
        kinks: gradients.kinks(kinks),
        unsaid,
        settings: settings.map(({ label }) => label),
        frameworks,
        ...distances,
        gradient: norm,
      };
    });
  } finally {
    gradients.dispose();
  }
}
