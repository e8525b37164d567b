/** E9: the spread of gradients at small batch, how many steps it lasts, and whether that is the warm-up that is needed. */
import {
  type Claim,
  type Evaluation,
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
} from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { type WarmUpRow, type WarmUpTrial, warmUpTrial } from "./warm-up-trial.ts";

type Stored = StoredRow<WarmUpTrial, WarmUpRow>;

function grid(scale: Scale): Partial<WarmUpTrial>[] {
  if (scale === "quick") {
    const tiny = { depth: 6, width: 16, batch: 64, steps: 6, replicas: 1, rates: [0.02, 0.5] };
    return [
      { ...tiny, what: "spread", momentum: 0 },
      { ...tiny, what: "length", momentum: 0.9, rates: [0.5] },
    ];
  }
  const paper = scale === "paper";
  const spread = [10, 20, 40].flatMap((depth) =>
    [0.9, 0].map((momentum) => ({
      ...{ what: "spread" as const, depth, momentum, rates: [0.02, 0.05, 0.1, 0.2, 0.5], steps: 120 },
      replicas: paper ? 5 : 2,
    })),
  );
  const length = [20, 40].map((depth) => ({
    ...{ what: "length" as const, depth, momentum: 0.9, rates: [0.05, 0.2, 0.8] },
    ...(paper ? { steps: 1000, replicas: 5 } : { steps: 120, replicas: 2 }),
  }));
  return [...spread, ...length];
}

/** Mean accuracy, a diverged run counting as chance. */
const accuracyOf = (rows: readonly Stored[]): number =>
  rows.reduce((sum, { accuracy, diverged }) => sum + (diverged ? 0.1 : (accuracy ?? 0)), 0) / rows.length;

interface Comparison {
  readonly depth: number;
  readonly lr: number;
  readonly none: number;
  readonly warmed: number;
  readonly candidate: number;
}

/** Per depth and rate: SGD without warm-up, with its best length, and the best LALC-like rule without one. */
function comparisons(rows: readonly Stored[]): Comparison[] {
  const length = rows.filter(({ what }) => what === "length");
  const cells = [...new Set(length.map(({ depth, lr }) => `${depth}|${lr}`))];
  return cells.map((cell) => {
    const own = length.filter(({ depth, lr }) => `${depth}|${lr}` === cell);
    const of = (rule: string): Stored[] => own.filter((row) => row.rule === rule);
    // Lengths of a replica are in order, so the k-th of each belong together.
    const replicas = [...new Set(own.map(({ replica }) => replica))];
    const kth = (k: number): Stored[] =>
      replicas.flatMap((replica) =>
        of("sgd + warm-up")
          .filter((row) => row.replica === replica)
          .slice(k, k + 1),
      );
    return {
      depth: own[0].depth,
      lr: own[0].lr,
      none: accuracyOf(of("sgd")),
      warmed: Math.max(
        ...[0, 1, 2]
          .map(kth)
          .filter((list) => list.length > 0)
          .map(accuracyOf),
      ),
      candidate: Math.max(accuracyOf(of("lalc-like-a")), accuracyOf(of("lalc-like-b"))),
    };
  });
}

const margin = 0.02;

const replaces: Claim<WarmUpTrial, WarmUpRow> = {
  id: "bn-relu/C8",
  statement:
    "The proposed rule can replace WarmUp in small batch (v1); here: our LALC-like candidates, not the published rule",
  published: "no number available",
  rule: "batch 256, cells (depth, lr) in which the best of three WarmUp lengths beats SGD without WarmUp by more than 0.02 in mean test accuracy: holds if the better of lalc-like-a and -b without WarmUp (tau 0.02, not tuned) is within 0.02 of that or above in all of them, fails if in none, else undecided; undecided if WarmUp helps nowhere",
  evaluate(rows): Evaluation {
    const helped = comparisons(rows).filter(({ none, warmed }) => warmed > none + margin);
    const ours = comparisons(rows)
      .map(
        ({ depth, lr, none, warmed, candidate }) =>
          `L ${depth} lr ${lr}: ${[none, warmed, candidate].map((x) => x.toFixed(3)).join(", ")}`,
      )
      .join("; ");
    const text = `SGD, with best WarmUp, candidate: ${ours}`;
    if (helped.length === 0) return { verdict: "undecided", ours: text };
    const good = helped.filter(({ warmed, candidate }) => candidate >= warmed - margin).length;
    return { verdict: good === helped.length ? "holds" : good === 0 ? "fails" : "undecided", ours: text };
  },
};

const oneStep: Claim<WarmUpTrial, WarmUpRow> = {
  id: "bn-relu/C19",
  statement: "One step of a large enough learning rate halves the log-spread of gradients",
  published: "derived, 40 layers: lr .5: 1 step; lr .02: 18-23 steps",
  rule: "40 blocks, momentum 0: every seed needs 1 step at lr 0.5 and at least 5 at lr 0.02, and t50 never grows with lr",
  evaluate(rows): Evaluation {
    const deep = rows.filter(({ what, depth, momentum }) => what === "spread" && depth === 40 && momentum === 0);
    const replicas = [...new Set(deep.map(({ replica }) => replica))];
    const times = replicas.map((replica) =>
      deep
        .filter((row) => row.replica === replica)
        .sort((a, b) => a.lr - b.lr)
        .map(({ lr, t50 }) => ({ lr, t50: t50 ?? Number.POSITIVE_INFINITY })),
    );
    const ours = `t50 by rising lr: ${times.map((own) => own.map(({ t50 }) => t50).join(", ")).join(" | ")}`;
    const at = (own: (typeof times)[number], lr: number): number | undefined => own.find((cell) => cell.lr === lr)?.t50;
    if (times.length < 2 || times.some((own) => at(own, 0.5) === undefined || at(own, 0.02) === undefined))
      return { verdict: "undecided", ours };
    const good = times.every(
      (own) =>
        at(own, 0.5) === 1 &&
        (at(own, 0.02) as number) >= 5 &&
        own.every(({ t50 }, i) => i === 0 || t50 <= own[i - 1].t50),
    );
    return { verdict: good ? "holds" : "fails", ours };
  },
};

/** Steps to half the spread over the relative step of the first matrix. */
function spreadPanel(rows: readonly Stored[], momentum: number): Panel[] {
  const own = rows.filter((row) => row.what === "spread" && row.momentum === momentum);
  if (own.length === 0) return [];
  const most = Math.max(...own.map(({ steps }) => steps));
  const points = own
    .map(({ depth, delta, t50 }) => ({ series: `${depth} blocks`, x: delta, y: t50 ?? most, limit: t50 === null }))
    .sort((a, b) => a.x - b.x);
  return [
    lineWithBand({
      ...{
        title: `steps to half the spread, momentum ${momentum}`,
        xLabel: "lr norm(G_1) / norm(W_1) at the start",
        yLabel: "t50",
      },
      ...{ xScale: "log", yScale: "log", points, scatter: true, dots: true },
    }),
  ];
}

function lengthPanel(rows: readonly Stored[], depth: number): Panel[] {
  const own = rows.filter((row) => row.what === "length" && row.depth === depth);
  const rates = [...new Set(own.map(({ lr }) => lr))].sort((a, b) => a - b);
  const cells = comparisons(own);
  const curve = (rule: string, series = rule): { series: string; x: number; y: number }[] =>
    rates.flatMap((lr) => {
      const mine = own.filter((row) => row.rule === rule && row.lr === lr);
      if (mine.length === 0) return [];
      const warmed = cells.find((cell) => cell.lr === lr)?.warmed ?? Number.NaN;
      return [{ series, x: lr, y: rule === "sgd + warm-up" ? warmed : accuracyOf(mine) }];
    });
  const points = ["sgd", "sgd + warm-up", "lalc-like-a", "lalc-like-b"].flatMap((rule) => curve(rule));
  if (points.length === 0) return [];
  const title = `${depth} blocks, mixture hard: test accuracy`;
  const common = { xLabel: "learning rate", yLabel: "share", xScale: "log", dots: true } as const;
  return [lineWithBand({ title, ...common, points, published: curve("common-bound", "sgd") })];
}

function figure(rows: readonly Stored[]): FigureSpec {
  const depths = [...new Set(rows.filter(({ what }) => what === "length").map(({ depth }) => depth))];
  return {
    title: "How long the spread of gradients lasts, and the warm-up that it asks for",
    caption:
      "Train MLP, width 128, batch 256. Above: mixture easy, constant rate; triangles: not halved within the run. Below: mixture hard, cosine; SGD with the best of three WarmUp lengths (1, 2, 5 t50); candidates with tau = 0.02 and no WarmUp.",
    panels: [
      ...spreadPanel(rows, 0),
      ...spreadPanel(rows, 0.9),
      ...depths.flatMap((depth) => lengthPanel(rows, depth)),
    ],
    columns: 2,
    limitLabel: "not within the run",
    publishedLabel: "common bound: warm-up that ends by itself",
  };
}

export const warmUp: Experiment<WarmUpTrial, WarmUpRow> = experiment({
  id: "bn-relu/warm-up",
  paper: "bn-relu",
  source: "E9; 8.7",
  title: "Small batch without WarmUp",
  parameters: {
    what: {
      type: "string",
      default: "spread",
      doc: "t50, or accuracy over WarmUp lengths",
      choices: ["spread", "length"],
    },
    depth: { type: "integer", default: 20, doc: "blocks", minimum: 3, maximum: 200 },
    width: { type: "integer", default: 128, doc: "units", minimum: 1 },
    batch: { type: "integer", default: 256, doc: "mini-batch", minimum: 2 },
    momentum: { type: "number", default: 0.9, doc: "momentum", minimum: 0, maximum: 0.999 },
    rates: { type: "list", default: [0.02, 0.05, 0.1, 0.2, 0.5], doc: "learning rates" },
    steps: { type: "integer", default: 120, doc: "steps", minimum: 1 },
    replicas: { type: "integer", default: 2, doc: "seeds", minimum: 1 },
  },
  grid,
  cost: ({ what, depth, width, batch, rates, steps, replicas }) =>
    (what === "spread" ? 1 : 7) * depth * width * width * batch * rates.length * steps * replicas,
  trial: warmUpTrial,
  figure,
  claims: [replaces, oneStep],
});
