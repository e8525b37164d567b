/** Trainings of Train MLPs, which E7, E8 and E9 share: one engine serves many rates, bounds and replicas. */
import { arrayBatches, arraySamples } from "../../src/analysis/training/array-batches.ts";
import { evaluationProgram, type Samples } from "../../src/analysis/training/evaluation.ts";
import { type RecordOptions, TrainingRecord, type TrainingRow } from "../../src/analysis/training/record.ts";
import { type Batches, Trainer, type TrainerSpec } from "../../src/analysis/training/trainer.ts";
import { precision } from "../../src/formats/precision.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import type { LossScale } from "../../src/nn/loss-scale.ts";
import type { Network } from "../../src/nn/network.ts";
import { ruleNamed } from "../../src/nn/optimizers/index.ts";
import { scheduleNamed } from "../../src/nn/schedules.ts";
import { type Mixture, type MixtureName, mixture } from "./mixture.ts";
import { drawTrainMlp, writeParameters } from "./train-mlp.ts";

export interface MlpSpec {
  readonly network: Network;
  /** The rule; runs may differ from it in numbers that stay above 0. */
  readonly optimizer: string;
  readonly batch: number;
  readonly steps: number;
  /** Default float32 without a loss scale. */
  readonly numbers?: Pick<TrainerSpec, "precision" | "lossScale" | "layerScale" | "masterWeights">;
}

export interface MlpRun {
  readonly lr: number;
  readonly schedule: string;
  /** Hyperparameters that differ from the engine's: `tau=0.02`. */
  readonly more?: string;
  /** Of a trainer that has one. */
  readonly lossScale?: LossScale;
  /** Of the weights, the data and their order. */
  readonly replica: number;
}

export interface Source {
  readonly batches: Batches;
  readonly evaluated: Samples;
}

export type MlpContext = Pick<TrialContext, "seed" | "backend" | "signal">;

export class MlpTrainer {
  readonly trainer: Trainer;
  readonly #spec: MlpSpec;
  readonly #context: MlpContext;
  /** Initial weights by replica. */
  readonly #weights = new Map<number, ReturnType<typeof drawTrainMlp>>();

  constructor(spec: MlpSpec, context: MlpContext) {
    const { network, batch, steps, numbers = { precision: precision("float32") } } = spec;
    this.#spec = spec;
    this.#context = context;
    this.trainer = new Trainer({
      ...{ network, batch, steps, backend: context.backend, trace: true, ...ruleNamed(spec.optimizer) },
      ...{ lr: 1, schedule: scheduleNamed("constant"), ...numbers },
      programs: { evaluation: evaluationProgram(network, batch) },
    });
  }

  /** Back to a replica's initial weights. */
  start({ lr, schedule, more, replica, lossScale }: MlpRun): void {
    const { optimizer, network } = this.#spec;
    const { values } = ruleNamed(more === undefined ? optimizer : `${optimizer},${more}`);
    const scaled = lossScale === undefined ? {} : { lossScale };
    this.trainer.restart({ lr, values, schedule: scheduleNamed(schedule), ...scaled });
    const weights = this.#weights.get(replica) ?? drawTrainMlp(network, this.#context.seed, replica);
    this.#weights.set(replica, weights);
    writeParameters(this.trainer, weights);
  }

  /** A whole training: a row per step, evaluated at the end or where it diverges. @throws AbortError */
  async run(
    run: MlpRun,
    { batches, evaluated }: Source,
    stop?: RecordOptions["progress"],
  ): Promise<readonly TrainingRow[]> {
    this.start(run);
    const { steps } = this.#spec;
    const { signal } = this.#context;
    const record = new TrainingRecord();
    const common = { steps, every: 1, evaluateEvery: steps, evaluated, signal };
    await record.run(this.trainer, batches, stop === undefined ? common : { ...common, progress: stop });
    signal.throwIfAborted();
    return record.rows;
  }

  dispose(): void {
    this.trainer.dispose();
  }
}

/** Mini-batches and test samples of a replica's mixture. */
export function toySource(name: MixtureName, batch: number, seed: number, replica: number): Source & { data: Mixture } {
  const data = mixture(name, seed + replica);
  return { data, batches: arrayBatches(data.train, batch, seed + replica), evaluated: arraySamples(data.test) };
}
