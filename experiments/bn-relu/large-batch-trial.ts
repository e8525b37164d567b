/** One rule of E8: the toy grid over rates and seeds, or tuning on MNIST's validation samples and the final runs. */
import { imageBatches, imageSamples } from "../../src/analysis/training/image-batches.ts";
import type { TrainingRow } from "../../src/analysis/training/record.ts";
import { imagesBetween } from "../../src/data/image-set.ts";
import { float32 } from "../../src/formats/float32.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import { MlpTrainer, type Source, toySource } from "./mlp-trainer.ts";
import { type Contestant, contestantNamed, toyRates } from "./rules.ts";
import { trainMlp } from "./train-mlp.ts";

export interface LargeBatchTrial {
  readonly task: "toy" | "mnist";
  readonly rule: string;
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  /** Of the toy. */
  readonly steps: number;
  readonly samples: number;
  readonly epochs: number;
  readonly replicas: number;
}

export interface LargeBatchRow {
  /** toy: test accuracy; tune: on validation samples; final: on test images with the best candidate. */
  readonly phase: "toy" | "tune" | "final";
  /** Of linear scaling: that of a batch of 256. */
  readonly lr: number;
  /** Bound of the rule, as text; "" where it has none that is tuned. */
  readonly more: string;
  readonly replica: number;
  readonly accuracy: number;
  /** Mean loss of the last ten mini-batches; "NaN" where it diverged. */
  readonly finalLoss: number;
  /** Largest loss in the first 30 steps. */
  readonly earlyLoss: number;
  readonly divergedAt: number | null;
  readonly done: number;
}

/** Samples held out from the end of the training set. */
const validation = 8192;

function rowOf(
  rows: readonly TrainingRow[],
  fixed: Pick<LargeBatchRow, "phase" | "lr" | "more" | "replica">,
): LargeBatchRow {
  const losses = rows.map(({ loss }) => loss);
  const last = rows[rows.length - 1];
  const tail = losses.slice(-10);
  return {
    ...fixed,
    accuracy: last.evaluation?.accuracy ?? 0,
    finalLoss: tail.reduce((sum, loss) => sum + loss, 0) / tail.length,
    earlyLoss: losses.slice(0, 30).reduce((most, loss) => Math.max(most, loss), Number.NEGATIVE_INFINITY),
    divergedAt: last.diverged?.step ?? null,
    done: last.step,
  };
}

function scheduleOf({ warmUp, scaled = false }: Contestant, steps: number): string {
  const factors = [
    ...(scaled ? ["linear-scaling:reference=256"] : []),
    ...(warmUp > 0 ? [`warm-up:steps=${Math.round(warmUp * steps)}`] : []),
  ];
  return [...factors, "cosine"].join("+");
}

export async function largeBatchTrial(trial: LargeBatchTrial, context: TrialContext): Promise<LargeBatchRow[]> {
  return trial.task === "toy" ? toyTrial(trial, context) : mnistTrial(trial, context);
}

async function toyTrial(trial: LargeBatchTrial, context: TrialContext): Promise<LargeBatchRow[]> {
  const contestant = contestantNamed(trial.rule);
  const { batch, steps, depth, width, replicas } = trial;
  const rates = toyRates[trial.rule] ?? toyRates.sgd;
  const runner = new MlpTrainer(
    { network: trainMlp(depth, width), optimizer: contestant.optimizer, batch, steps },
    context,
  );
  try {
    const rows: LargeBatchRow[] = [];
    for (const lr of rates) {
      for (let replica = 0; replica < replicas; replica++) {
        const schedule = scheduleOf(contestant, steps);
        const source = toySource("hard", batch, context.seed, replica);
        const run = await runner.run({ lr, schedule, replica }, source);
        rows.push(rowOf(run, { phase: "toy", lr, more: "", replica }));
        context.progress(rows.length / (rates.length * replicas));
      }
    }
    return rows;
  } finally {
    runner.dispose();
  }
}

async function mnistTrial(trial: LargeBatchTrial, context: TrialContext): Promise<LargeBatchRow[]> {
  const contestant = contestantNamed(trial.rule);
  const { batch, samples, epochs, depth, width, replicas } = trial;
  const train = context.images("mnist", "train");
  const own = imagesBetween(train, 0, samples);
  const steps = epochs * Math.floor(samples / batch);
  const [held, test] = [
    imagesBetween(train, train.count - validation, train.count),
    context.images("mnist", "test"),
  ].map((images) => imageSamples(images, float32));
  const { optimizer, candidates } = contestant;
  const runner = new MlpTrainer({ network: trainMlp(depth, width, 784), optimizer, batch, steps }, context);
  const rows: LargeBatchRow[] = [];
  const train1 = async (
    phase: "tune" | "final",
    candidate: Contestant["candidates"][number],
    replica: number,
  ): Promise<LargeBatchRow> => {
    const { lr, more = "" } = candidate;
    const batches = imageBatches(own, float32, { batch, seed: context.seed + replica });
    const source: Source = { batches, evaluated: phase === "tune" ? held : test };
    const schedule = scheduleOf(contestant, steps);
    const run = await runner.run({ lr, schedule, replica, ...(more === "" ? {} : { more }) }, source);
    const row = rowOf(run, { phase, lr, more, replica });
    rows.push(row);
    context.progress(rows.length / (candidates.length + replicas));
    return row;
  };
  try {
    let [best, chosen] = [-1, candidates[0]];
    for (const candidate of candidates) {
      const { accuracy, divergedAt } = await train1("tune", candidate, 0);
      if (divergedAt === null && accuracy > best) [best, chosen] = [accuracy, candidate];
    }
    for (let replica = 1; replica <= replicas; replica++) await train1("final", chosen, replica);
    return rows;
  } finally {
    runner.dispose();
  }
}
