/** E7: a training stopped at checkpoints, where a fixed mini-batch is propagated through the network and its controls. */
import { PropagationMeter } from "../../src/analysis/propagation/meter.ts";
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
import { type AlignmentSummary, alignmentSummary } from "./alignment.ts";
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

export interface AlignmentRow extends AlignmentSummary {
  readonly replica: number;
  readonly step: number;
  readonly control: string;
  /** Mean loss of the mini-batches since the last checkpoint; null at step 0. */
  readonly loss: number | null;
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
          const measured = alignmentSummary(meter.measure({ ...controlled(control, probe, parameters, seed), labels }));
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
