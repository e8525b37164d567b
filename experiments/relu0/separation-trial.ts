/** E1's trial: one seed in one precision, until the two choices part. */
import { zonePicture } from "../../src/analysis/separation/picture.ts";
import { separate } from "../../src/analysis/separation/separation.ts";
import { precision } from "../../src/formats/precision.ts";
import type { Experiment, StoredRow, TrialContext } from "../../src/lab/experiment.ts";
import { mlpNamed } from "../../src/nn/architecture.ts";

export interface SeparationTrial {
  readonly model: string;
  readonly format: string;
  readonly batch: number;
  readonly iterations: number;
  readonly recorded: number;
  /** Seeds per format; 0 takes the scale's own number. */
  readonly seeds: number;
  readonly replica: number;
  readonly pictureSize: number;
}

export interface SeparationRecord {
  readonly learningRate: number;
  readonly firstHit: number | null;
  readonly firstZero: number | null;
  readonly hitLayer: number | null;
  readonly hitSample: number | null;
  readonly hitUnit: number | null;
  readonly scanned: number;
  /** Per recorded iteration: L1 distance to the ReLU'(0) = 0 net, before its step, and the least |z| of layer 1. */
  readonly iteration: readonly number[];
  readonly product: readonly number[];
  readonly overwrite: readonly number[];
  readonly control: readonly number[];
  readonly leastActivation: readonly number[];
  /**
   * The zone picture (float32, base64, row-major, v along rows) of replica 0 and of those hit in the first layer; where it
   * was taken.
   */
  readonly picture: string | null;
  readonly pictureAt: {
    readonly iteration: number;
    readonly sample: number;
    readonly unit: number;
    readonly value: number;
  };
}

export type SeparationStored = StoredRow<SeparationTrial, SeparationRecord>;

export const separationParameters: Experiment<SeparationTrial, SeparationRecord>["parameters"] = {
  model: { type: "string", default: "784-2000-128-10", doc: "layer sizes" },
  format: { type: "string", default: "float32", doc: "number format of every value" },
  batch: { type: "integer", default: 128, doc: "mini-batch size", minimum: 1 },
  iterations: {
    type: "integer",
    default: 468,
    doc: "iterations scanned for the first hit (full mini-batches of an epoch)",
    minimum: 1,
  },
  recorded: { type: "integer", default: 100, doc: "iterations recorded at the start", minimum: 1 },
  seeds: {
    type: "integer",
    default: 0,
    doc: "replicas per format; 0: the scale's own number",
    minimum: 0,
    gridOnly: true,
  },
  replica: { type: "integer", default: 0, doc: "number of the replica", minimum: 0 },
  pictureSize: {
    type: "integer",
    default: 200,
    doc: "grid points per side of the zone picture",
    minimum: 2,
    maximum: 2000,
  },
};

/** A seed of its own for every replica. */
const replicas = 1_000_003;

export function separationTrial(trial: SeparationTrial, context: TrialContext): readonly SeparationRecord[] {
  const { model, format, batch, iterations, recorded, replica, pictureSize } = trial;
  const mlp = mlpNamed(model);
  const chosen = precision(format);
  const seed = context.seed * replicas + replica;
  const found = separate(context.data("mnist"), {
    mlp,
    precision: chosen,
    batch,
    iterations,
    recorded,
    seed,
    stopped: () => context.signal.aborted,
    progress: context.progress,
  });
  context.signal.throwIfAborted();
  const { nearest, points } = found;
  const drawn = replica === 0 || found.firstHit?.layer === 0;
  const picture = drawn ? zonePicture(nearest, mlp.sizes[1], chosen, seed, pictureSize) : null;
  return [
    {
      learningRate: found.learningRate,
      firstHit: found.firstHit?.iteration ?? null,
      firstZero: found.firstZero,
      hitLayer: found.firstHit?.layer ?? null,
      hitSample: found.firstHit?.sample ?? null,
      hitUnit: found.firstHit?.unit ?? null,
      scanned: found.iterations,
      iteration: points.map((point) => point.iteration),
      product: points.map((point) => point.product),
      overwrite: points.map((point) => point.overwrite),
      control: points.map((point) => point.control),
      leastActivation: points.map((point) => point.leastActivation),
      picture: picture === null ? null : Buffer.from(picture.values.buffer).toString("base64"),
      pictureAt: { iteration: nearest.iteration, sample: nearest.sample, unit: nearest.unit, value: nearest.value },
    },
  ];
}
