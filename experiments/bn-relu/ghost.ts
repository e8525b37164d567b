/** 8.10: ghost batches at a fixed step batch. The rate follows the ghost; what does accuracy do? */
import { mean, standardError } from "../../src/analysis/statistics.ts";
import {
  type Claim,
  type Evaluation,
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
} from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import { type GhostRow, type GhostTrial, ghostTrial } from "./ghost-trial.ts";
import { accepts, meanSd, ratePoint, showRate } from "./network-trial.ts";

type Stored = StoredRow<GhostTrial, GhostRow>;

function grid(scale: Scale): Partial<GhostTrial>[] {
  if (scale === "quick") {
    const tiny = { batch: 32, depth: 4, width: 16, replicas: 2, rates: [0.05], steps: 3 };
    return [8, 32].flatMap((ghost) => [
      { ...tiny, what: "rate" as const, ghost },
      { ...tiny, what: "training" as const, ghost },
    ]);
  }
  const paper = scale === "paper";
  const rate = [4, 8, 16, 32, 64, 128, 256].map((ghost) => ({
    ...{ what: "rate" as const, ghost, batch: 256, depth: 12 },
    ...(paper ? { width: 1024, replicas: 16 } : { width: 256, replicas: 8 }),
  }));
  const training = ["sgd:weightDecay=5e-4", "lalc-like-b:weightDecay=5e-4,tau=0.02"].flatMap((optimizer) =>
    [8, 16, 32, 64, 128, 256, 512].map((ghost) => ({
      ...{ what: "training" as const, ghost, optimizer, batch: 512, depth: 30, width: 128 },
      ...(paper
        ? { rates: [0.0125, 0.05, 0.2, 0.8, 3.2], steps: 1200, replicas: 5 }
        : { rates: [0.0125, 0.05, 0.2, 0.8], steps: 120, replicas: 3 }),
    })),
  );
  return [...rate, ...training];
}

const sizesOf = (rows: readonly Stored[]): number[] =>
  [...new Set(rows.map(({ ghost }) => ghost))].sort((a, b) => a - b);
const rateRows = (rows: readonly Stored[]): Stored[] => rows.filter(({ what }) => what === "rate");

const follows: Claim<GhostTrial, GhostRow> = {
  id: "bn-relu/C20",
  statement: "Under ghost batches the rate at init is the exact one of the ghost, whatever the mini-batch",
  published: "ours, 8.10 with table 2.5: 1.756 at 4, 1.337 at 8, 1.261 at 16, 1.222 at 64, 1.214 at 256",
  rule: "mini-batch 256, ghosts of 4 to 256, blocks 1-9: within 3 standard deviations or .01 of the closed form at the ghost's size, and more than .1 above that at 256 for ghosts of 4 and 8",
  evaluate(rows): Evaluation {
    const own = rateRows(rows);
    const cells = sizesOf(own).map((ghost) => {
      const cell = own.filter((row) => row.ghost === ghost);
      return { ghost, found: meanSd(cell.map(({ rate }) => rate)), theory: cell[0].theory as number };
    });
    const ours = cells
      .map(({ ghost, found, theory }) => `${ghost}: ${showRate(found)} against ${theory.toFixed(4)}`)
      .join("; ");
    const whole = cells.find(({ ghost }) => ghost === 256);
    if (whole === undefined || cells.length < 7) return { verdict: "undecided", ours: ours || "cells are missing" };
    const small = cells.filter(({ ghost }) => ghost <= 8);
    const good =
      cells.every(({ found, theory }) => accepts(found, theory)) &&
      small.every(({ found }) => found.mean > whole.theory + 0.1);
    return { verdict: good ? "holds" : "fails", ours, rows: own.length };
  },
};

/** Mean and standard error over the replicas of a cell; a diverged run counts as chance. */
function accuracyPoint(series: string, x: number, rows: readonly Stored[]): Point[] {
  if (rows.length === 0) return [];
  const values = rows.map(({ accuracy, divergedAt }) => (divergedAt === null ? (accuracy ?? 0) : 0.1));
  const y = mean(values);
  if (values.length < 2) return [{ series, x, y }];
  const error = standardError(values);
  return [{ series, x, y, low: y - error, high: y + error }];
}

function ratePanel(rows: readonly Stored[]): Panel[] {
  const own = rateRows(rows);
  if (own.length === 0) return [];
  const { batch, depth, width } = own[0];
  const [initial, exact] = [`mini-batch ${batch}, ${depth} x ${width}`, sizesOf(own)] as const;
  const cell = (ghost: number): Stored[] => own.filter((row) => row.ghost === ghost);
  const points = exact.flatMap((ghost) =>
    ratePoint(
      initial,
      ghost,
      cell(ghost).map(({ rate }) => rate),
    ),
  );
  const published = exact.map((ghost) => ({ series: initial, x: ghost, y: cell(ghost)[0].theory as number }));
  const common = {
    xLabel: "samples of a ghost batch",
    yLabel: "norm(g) per block",
    xScale: "log",
    dots: true,
  } as const;
  return [lineWithBand({ title: "rate at initialization", ...common, bars: true, points, published })];
}

const ruleName = ({ optimizer }: Stored): string => optimizer.split(":")[0];

function trainingPanels(rows: readonly Stored[], rule: string): Panel[] {
  const own = rows.filter((row) => row.what === "training" && ruleName(row) === rule);
  const rates = [...new Set(own.map(({ lr }) => lr as number))].sort((a, b) => a - b);
  const cells = rates.flatMap((lr) =>
    sizesOf(own).map((ghost) => ({ lr, ghost, runs: own.filter((row) => row.lr === lr && row.ghost === ghost) })),
  );
  const common = { xLabel: "samples of a ghost batch", xScale: "log", dots: true } as const;
  const accuracy = cells.flatMap(({ lr, ghost, runs }) => accuracyPoint(`lr ${lr}`, ghost, runs));
  const rate = cells.flatMap(({ lr, ghost, runs }) =>
    ratePoint(
      `lr ${lr}`,
      ghost,
      runs.map(({ trained }) => trained),
    ),
  );
  return [
    lineWithBand({ title: `${rule}: test accuracy`, yLabel: "share", ...common, bars: true, points: accuracy }),
    lineWithBand({ title: `${rule}: rate after training`, yLabel: "norm(g) per block", ...common, points: rate }),
  ];
}

function figure(rows: readonly Stored[]): FigureSpec {
  const training = rows.filter(({ what }) => what === "training");
  const about =
    training.length === 0
      ? ""
      : ` Training: mixture hard, ${training[0].depth} blocks of ${training[0].width}, mini-batch ${training[0].batch}, ${training[0].steps} steps, cosine, momentum 0.9; evaluated by running statistics.`;
  return {
    title: "Ghost batches: batch norm over parts of a mini-batch",
    caption: `Bars: standard deviation over networks (rates), standard error over seeds (accuracy).${about}`,
    panels: [
      ...ratePanel(rows),
      ...[...new Set(training.map(ruleName))].flatMap((rule) => trainingPanels(training, rule)),
    ],
    columns: 2,
    publishedLabel: "closed form at the ghost's size",
    intervalLabel: "spread",
  };
}

export const ghost: Experiment<GhostTrial, GhostRow> = experiment({
  id: "bn-relu/ghost",
  paper: "bn-relu",
  source: "8.10",
  title: "Ghost batches at a fixed mini-batch",
  parameters: {
    what: {
      type: "string",
      default: "training",
      doc: "rate: at init; training: accuracy",
      choices: ["rate", "training"],
    },
    ghost: { type: "integer", default: 32, doc: "samples of a ghost batch", minimum: 2 },
    batch: { type: "integer", default: 512, doc: "mini-batch", minimum: 2 },
    depth: { type: "integer", default: 30, doc: "blocks", minimum: 3, maximum: 200 },
    width: { type: "integer", default: 128, doc: "units", minimum: 1 },
    optimizer: { type: "string", default: "sgd:weightDecay=5e-4", doc: "rule of the trainings" },
    rates: { type: "list", default: [0.05], doc: "learning rates" },
    steps: { type: "integer", default: 120, doc: "steps of training", minimum: 1 },
    replicas: { type: "integer", default: 3, doc: "networks, or seeds", minimum: 1 },
  },
  grid,
  cost: ({ what, depth, width, batch, rates, steps, replicas }) =>
    depth * width * width * batch * replicas * (what === "rate" ? 2 : rates.length * steps),
  trial: ghostTrial,
  figure,
  claims: [follows],
});
