/** E7: a training stopped at checkpoints, where a fixed mini-batch is propagated through the network and its controls. */
import { PropagationMeter } from "../../src/analysis/propagation/meter.ts";
import { weightLayers } from "../../src/analysis/propagation/rate.ts";
import type { LayerRow } from "../../src/analysis/propagation/rows.ts";
import { imageBatches } from "../../src/analysis/training/image-batches.ts";
import { TrainingRecord } from "../../src/analysis/training/record.ts";
import { type Batches, Trainer } from "../../src/analysis/training/trainer.ts";
import { BatchLoader } from "../../src/data/loader.ts";
import { float32 } from "../../src/formats/float32.ts";
import { precision } from "../../src/formats/precision.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import { networkNamed } from "../../src/nn/architectures/index.ts";
import { drawParameters } from "../../src/nn/initializers.ts";
import { ruleNamed } from "../../src/nn/optimizers/index.ts";
import { scheduleNamed } from "../../src/nn/schedules.ts";
import { controlled, type Probe } from "./controls.ts";
import { MlpTrainer, toySource } from "./mlp-trainer.ts";
import { trainMlp, writeParameters } from "./train-mlp.ts";

export interface AlignmentTrial {
  /** A Train MLP on the mixture, or vgg11-bn on CIFAR-10. */
  readonly model: "mlp" | "vgg11-bn";
  readonly optimizer: string;
  readonly lr: number;
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  /** Of the propagated mini-batch. */
  readonly probe: number;
  /** Steps after which gradients are measured. */
  readonly checkpoints: readonly number[];
  readonly controls: readonly string[];
  readonly replicas: number;
}

export interface AlignmentRow {
  readonly replica: number;
  readonly step: number;
  readonly control: string;
  /** Mean loss of the mini-batches since the last checkpoint; null at step 0. */
  readonly loss: number | null;
  /**
   * Per block, between the second and the last one: of norm(g), which no scale of the weights changes (2.7), of norm(dH) and of norm(G),
   * which fall where weights grow (T20).
   */
  readonly rate: number;
  readonly signalRate: number;
  readonly weightRate: number;
  /** Means over the blocks but the first: A; participation ratio and cosine of samples; M, gamma's, Pi, S, T (geometric). */
  readonly alignment: number;
  readonly participation: number | null;
  readonly cosine: number | null;
  readonly mask: number | null;
  readonly affine: number | null;
  readonly projection: number | null;
  readonly gain: number | null;
  readonly transport: number | null;
  /** Of every block. */
  readonly gradients: readonly number[];
  readonly signals: readonly number[];
  readonly alignments: readonly number[];
}

type Measured = Omit<AlignmentRow, "replica" | "step" | "control" | "loss">;

function summary(rows: readonly LayerRow[]): Measured {
  const blocks = weightLayers(rows);
  const inner = blocks.slice(1);
  const rate = (of: (row: LayerRow) => number): number =>
    (of(inner[0]) / of(inner[inner.length - 1])) ** (1 / (inner.length - 1));
  const mean = (
    name: keyof LayerRow,
    to = (x: number): number => x,
    from = (x: number): number => x,
  ): number | null => {
    const values = inner.map((row) => row[name] as number | null).filter((value) => value !== null);
    return values.length === 0 ? null : from(values.reduce((sum, value) => sum + to(value), 0) / values.length);
  };
  const geometric = (name: keyof LayerRow): number | null => mean(name, Math.log, Math.exp);
  return {
    rate: rate((row) => row.gradient),
    signalRate: rate((row) => row.signal),
    weightRate: rate((row) => row.weightGradient as number),
    alignment: mean("alignment") as number,
    participation: mean("participation"),
    cosine: mean("cosine"),
    mask: geometric("mask"),
    affine: geometric("affine"),
    projection: geometric("projection"),
    gain: geometric("gain"),
    transport: geometric("transport"),
    gradients: blocks.map((row) => row.gradient),
    signals: blocks.map((row) => row.signal),
    alignments: blocks.map((row) => row.alignment as number),
  };
}

interface Setup {
  readonly trainer: Trainer;
  readonly meter: PropagationMeter;
  /** The propagated mini-batch. */
  readonly x: Float64Array;
  readonly labels: Int32Array;
  /** Initial weights and mini-batches of a replica. */
  start(replica: number): Batches;
}

function mlpSetup(trial: AlignmentTrial, context: TrialContext): Setup {
  const { depth, width, batch, probe, optimizer, lr } = trial;
  const network = trainMlp(depth, width);
  const runner = new MlpTrainer({ network, optimizer, batch, steps: Math.max(...trial.checkpoints) }, context);
  const x = new Float64Array(probe * 64);
  const labels = new Int32Array(probe);
  return {
    trainer: runner.trainer,
    meter: new PropagationMeter(network.traced(probe, "train"), { top: "loss", backend: context.backend }),
    x,
    labels,
    start(replica) {
      runner.start({ lr, schedule: "constant", replica });
      const { batches, data } = toySource("easy", batch, context.seed, replica);
      x.set(data.train.inputs.subarray(0, x.length));
      labels.set(data.train.labels.subarray(0, probe));
      return batches;
    },
  };
}

function vggSetup(trial: AlignmentTrial, context: TrialContext): Setup {
  const { batch, probe, optimizer, lr, checkpoints } = trial;
  const network = networkNamed(trial.model);
  const images = context.images("cifar10", "train");
  const trainer = new Trainer({
    ...{ network, batch, lr, steps: Math.max(...checkpoints), backend: context.backend },
    ...ruleNamed(optimizer),
    ...{ schedule: scheduleNamed("constant"), precision: precision("float32") },
  });
  const fixed = new BatchLoader(images, { batch: probe });
  const x = new Float64Array(probe * 3 * 32 * 32);
  const labels = new Int32Array(probe);
  fixed.write(0, 0, x, labels);
  const options = { precision: "float32", top: "loss", backend: context.backend, geometry: false };
  return {
    ...{ trainer, x, labels, meter: new PropagationMeter(network.traced(probe, "train"), options) },
    start(replica) {
      trainer.restart({});
      writeParameters(
        trainer,
        drawParameters(network, { law: "he", draw: "float32", format: float32 }, context.seed, replica),
      );
      return imageBatches(images, float32, { batch, seed: context.seed + replica });
    },
  };
}

function weightsOf({ engine, network }: Trainer): Probe["parameters"] {
  return Object.fromEntries(network.parameters.map(({ name }) => [name, Float64Array.from(engine.buffer(name))]));
}

export async function alignmentTrial(trial: AlignmentTrial, context: TrialContext): Promise<AlignmentRow[]> {
  const { model, controls, replicas } = trial;
  const checkpoints = trial.checkpoints.map(Number);
  const { trainer, meter, x, labels, start } = model === "mlp" ? mlpSetup(trial, context) : vggSetup(trial, context);
  const { parameters } = trainer.network;
  const rows: AlignmentRow[] = [];
  try {
    for (let replica = 0; replica < replicas; replica++) {
      const batches = start(replica);
      const seed = context.seed + replica;
      for (const step of checkpoints) {
        const record = new TrainingRecord();
        await record.run(trainer, batches, { steps: step, every: step, evaluateEvery: step, signal: context.signal });
        context.signal.throwIfAborted();
        const probe = { parameters: weightsOf(trainer), x };
        const loss = record.rows.at(-1)?.meanLoss ?? null;
        for (const control of controls) {
          const measured = summary(meter.measure({ ...controlled(control, probe, parameters, seed), labels }));
          rows.push({ replica, step, control, loss, ...measured });
        }
        const share = step / Math.max(1, ...checkpoints);
        context.progress((replica + share) / replicas);
      }
    }
    return rows;
  } finally {
    meter.dispose();
    trainer.dispose();
  }
}
