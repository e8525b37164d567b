/** 8.10: ghost batches. A fixed batch of a step whose samples share statistics in smaller groups: the rate and what is learned. */
import { measurePropagation } from "../../src/analysis/propagation/report.ts";
import { squaredRateNormAct } from "../../src/analysis/propagation/theory/batch.ts";
import { UsageError } from "../../src/base/errors.ts";
import { precision } from "../../src/formats/precision.ts";
import {
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
  type TrialContext,
} from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import { MlpTrainer, toySource } from "./mlp-trainer.ts";
import { meanSd, ratePoint, rowsWith } from "./network-trial.ts";
import { trainMlp } from "./train-mlp.ts";

interface GhostTrial {
  /** Samples that share statistics. */
  readonly ghost: number;
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
  readonly lr: number;
  readonly replicas: number;
}

interface GhostRow {
  readonly replica: number;
  /** At initialization, Gaussian inputs and a random gradient on top, eps 0: rate of dH in the first window; the exact rate. */
  readonly rate: number | null;
  readonly theory: number;
  /** Mean loss of the last ten mini-batches, and on the test samples, by running statistics. */
  readonly finalLoss: number;
  readonly testLoss: number | null;
  readonly accuracy: number | null;
  readonly divergedAt: number | null;
}

type Stored = StoredRow<GhostTrial, GhostRow>;

const rates = [0.02, 0.2];

function grid(scale: Scale): Partial<GhostTrial>[] {
  if (scale === "quick") {
    return [4, 16].map((ghost) => ({ ghost, depth: 3, width: 8, batch: 16, steps: 3, replicas: 1 }));
  }
  const replicas = scale === "paper" ? 10 : 3;
  return [4, 8, 16, 32, 64, 128, 256].flatMap((ghost) => rates.map((lr) => ({ ghost, lr, replicas })));
}

/** One row per replica. @throws UsageError where ghost batches do not divide the batch */
async function trial(parameters: GhostTrial, context: TrialContext): Promise<GhostRow[]> {
  const { ghost, depth, width, batch, steps, lr, replicas } = parameters;
  if (batch % ghost !== 0) throw new UsageError(`ghost: found ${ghost}, expected a divisor of the batch, ${batch}`);
  const { seed, backend, signal } = context;
  const { runs } = measurePropagation({
    ...{ model: "mlp", depth, width, batch, activation: "relu", order: "norm-act", residual: "none" },
    ...{ norm: { eps: 0, ghost }, inputs: { kind: "gaussian" }, gamma: 1, beta: 0, geometry: false },
    ...{ precision: precision("float64"), seed: 1000 * seed, seeds: replicas, backend, signal },
  });
  const network = trainMlp(depth, width, 64, { ghost });
  const runner = new MlpTrainer({ network, optimizer: "sgd", batch, steps }, context);
  try {
    const rows: GhostRow[] = [];
    for (let replica = 0; replica < replicas; replica++) {
      const source = toySource("easy", batch, seed, replica);
      const trained = await runner.run({ lr, schedule: "constant", replica }, source);
      const tail = trained.slice(-10);
      const last = trained[trained.length - 1];
      rows.push({
        replica,
        rate: runs[replica].rate.first,
        theory: Math.sqrt(squaredRateNormAct(ghost)),
        finalLoss: tail.reduce((sum, { loss }) => sum + loss, 0) / tail.length,
        testLoss: last.evaluation?.loss ?? null,
        accuracy: last.evaluation?.accuracy ?? null,
        divergedAt: last.diverged?.step ?? null,
      });
      context.progress((replica + 1) / replicas);
    }
    return rows;
  } finally {
    runner.dispose();
  }
}

function figure(rows: readonly Stored[]): FigureSpec {
  const sizes = [...new Set(rows.map(({ ghost }) => ghost))].sort((a, b) => a - b);
  const first = rowsWith(rows, { lr: rows[0].lr });
  const lrs = [...new Set(rows.map(({ lr }) => lr))];
  const points = (of: (row: Stored) => number | null): Point[] =>
    lrs.flatMap((lr) =>
      sizes.flatMap((size) => ratePoint(`lr ${lr}`, size, rowsWith(rows, { ghost: size, lr }).map(of))),
    );
  const axis = { xLabel: "samples that share statistics", xScale: "log", dots: true, bars: true } as const;
  return {
    title: "Ghost batches",
    caption: `${rows[0].depth} blocks of ${rows[0].width} units, batch ${rows[0].batch} of a step, mixture easy, SGD with momentum 0.9, ${rows[0].steps} steps, ${meanSd(rowsWith(first, { ghost: sizes[0] }).map(({ rate }) => rate)).n} networks. The rate at initialization is that of the ghost batch, not of the step's.`,
    panels: [
      lineWithBand({
        ...axis,
        title: "rate at initialization",
        yLabel: "rate per block",
        points: sizes.flatMap((size) =>
          ratePoint(
            "measured",
            size,
            rowsWith(first, { ghost: size }).map(({ rate }) => rate),
          ),
        ),
        published: sizes.map((size) => ({
          series: "measured",
          x: size,
          y: rowsWith(first, { ghost: size })[0].theory,
        })),
      }),
      lineWithBand({ ...axis, title: "test accuracy", yLabel: "share", points: points(({ accuracy }) => accuracy) }),
    ],
    publishedLabel: "exact (2.5)",
    intervalLabel: "standard deviation",
  };
}

export const ghost: Experiment<GhostTrial, GhostRow> = experiment({
  id: "bn-relu/ghost",
  paper: "bn-relu",
  source: "8.10",
  title: "Ghost batches",
  parameters: {
    ghost: {
      type: "integer",
      default: 32,
      doc: "samples that share statistics; a divisor of the batch",
      minimum: 4,
      maximum: 8192,
    },
    depth: { type: "integer", default: 20, doc: "blocks", minimum: 2, maximum: 1000 },
    width: { type: "integer", default: 128, doc: "units", minimum: 1, maximum: 16_384 },
    batch: { type: "integer", default: 256, doc: "samples of a step", minimum: 4, maximum: 8192 },
    steps: { type: "integer", default: 200, doc: "steps", minimum: 1, maximum: 100_000 },
    lr: { type: "number", default: 0.02, doc: "learning rate" },
    replicas: { type: "integer", default: 3, doc: "networks and data", minimum: 1, maximum: 1000 },
  },
  grid,
  cost: ({ depth, width, batch, steps, replicas }) => depth * width * width * batch * steps * replicas,
  trial,
  figure,
  claims: [],
});
