/** Ghost batches (8.10): the rate at initialization, and trainings at a fixed step batch with batch norms over parts of it. */
import { PropagationMeter } from "../../src/analysis/propagation/meter.ts";
import { measurePropagation } from "../../src/analysis/propagation/report.ts";
import { precision } from "../../src/formats/precision.ts";
import type { TrialContext } from "../../src/lab/experiment.ts";
import { normNamed } from "../../src/nn/norms.ts";
import { alignmentSummary } from "./alignment.ts";
import { MlpTrainer, toySource } from "./mlp-trainer.ts";
import { trainMlp } from "./train-mlp.ts";

export interface GhostTrial {
  /** rate: random networks without training; training: the mixture hard, cosine. */
  readonly what: "rate" | "training";
  readonly ghost: number;
  readonly batch: number;
  readonly depth: number;
  readonly width: number;
  /** Of training. */
  readonly optimizer: string;
  readonly rates: readonly number[];
  readonly steps: number;
  readonly replicas: number;
}

export interface GhostRow {
  readonly replica: number;
  /** Of norm(g) per block: at initialization, in closed form, and after training. */
  readonly rate: number | null;
  readonly theory: number | null;
  readonly trained: number | null;
  /** A after training. */
  readonly alignment: number | null;
  readonly lr: number | null;
  /** Test accuracy by running statistics. */
  readonly accuracy: number | null;
  readonly finalLoss: number | null;
  readonly divergedAt: number | null;
}

export async function ghostTrial(trial: GhostTrial, context: TrialContext): Promise<GhostRow[]> {
  return trial.what === "rate" ? rateTrial(trial, context) : trainingTrial(trial, context);
}

function rateTrial({ ghost, batch, depth, width, replicas }: GhostTrial, context: TrialContext): GhostRow[] {
  const norm = normNamed(`ghost:${ghost}`, { eps: 0 });
  const { runs, theory } = measurePropagation({
    ...{ model: "mlp", depth, width, batch, activation: "relu", order: "norm-act", residual: "none" },
    ...(norm === undefined ? {} : { norm }),
    ...{ inputs: { kind: "gaussian" }, gamma: 1, beta: 0, precision: precision("float64"), geometry: false },
    ...{ backend: context.backend, signal: context.signal, seed: 1000 * context.seed, seeds: replicas },
    progress: (done) => context.progress(done / replicas),
  });
  const idle = { trained: null, alignment: null, lr: null, accuracy: null, finalLoss: null, divergedAt: null };
  return runs.map(({ rate }, replica) => ({ replica, rate: rate.first, theory: theory.rate, ...idle }));
}

async function trainingTrial(trial: GhostTrial, context: TrialContext): Promise<GhostRow[]> {
  const { ghost, batch, depth, width, optimizer, steps, replicas } = trial;
  const network = trainMlp(depth, width, 64, { ghost });
  const runner = new MlpTrainer({ network, optimizer, batch, steps }, context);
  const meter = new PropagationMeter(network.traced(batch, "train"), {
    ...{ top: "loss", backend: context.backend, geometry: false },
  });
  const measure = ({ data }: ReturnType<typeof toySource>) => {
    const { engine } = runner.trainer;
    const parameters = Object.fromEntries(
      network.parameters.map(({ name }) => [name, Float64Array.from(engine.buffer(name))]),
    );
    const { inputs, labels, size } = data.train;
    const x = inputs.subarray(0, batch * size);
    return alignmentSummary(meter.measure({ parameters, x, labels: labels.subarray(0, batch) }));
  };
  const rows: GhostRow[] = [];
  const rates = trial.rates.map(Number);
  try {
    for (const lr of rates) {
      for (let replica = 0; replica < replicas; replica++) {
        const source = toySource("hard", batch, context.seed, replica);
        const run = { lr, schedule: "cosine", replica };
        runner.start(run);
        const { rate } = measure(source);
        const found = await runner.run(run, source);
        const last = found[found.length - 1];
        const diverged = last.diverged !== null;
        const after = diverged ? undefined : measure(source);
        rows.push({
          ...{ replica, rate, theory: null, trained: after?.rate ?? null, alignment: after?.alignment ?? null, lr },
          accuracy: last.evaluation?.accuracy ?? 0,
          finalLoss: diverged
            ? null
            : found.slice(-10).reduce((sum, { loss }) => sum + loss / Math.min(10, found.length), 0),
          divergedAt: last.diverged?.step ?? null,
        });
        context.progress(rows.length / (rates.length * replicas));
      }
    }
    return rows;
  } finally {
    meter.dispose();
    runner.dispose();
  }
}
