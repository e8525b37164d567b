/** E8's figure: the toy grid beside the table of papers/bn-relu, tuned rules on MNIST by batch. */
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, matrixPanel } from "../../src/lab/panels.ts";
import {
  distinctTrainings,
  finalScores,
  isLost,
  type LargeBatchStored,
  type Score,
  toyScores,
} from "./large-batch-claims.ts";
import { contestantNames, toyPublished, toyRates } from "./rules.ts";

function toyPanel(title: string, scores: readonly Score[], rules: readonly string[]): Panel[] {
  const shown = scores.filter(({ rule }) => rules.includes(rule)).sort((a, b) => a.lr - b.lr);
  if (new Set(shown.map(({ rule }) => rule)).size < 2) return [];
  const points = shown.map(({ rule, lr, mean, error }) => ({
    ...{ series: rule, x: lr, y: mean },
    ...(Number.isFinite(error) ? { low: mean - error, high: mean + error } : {}),
  }));
  const published = rules.flatMap((rule) =>
    (toyPublished[rule] ?? []).map((y, i) => ({ series: rule, x: toyRates[rule][i], y })),
  );
  const common = { xLabel: "learning rate", yLabel: "test accuracy", xScale: "log", dots: true, bars: true } as const;
  return [lineWithBand({ title, ...common, points, published, yDomain: [0, 0.7] })];
}

/** Rules beside batches: test accuracy of the tuned rule, and how many of its runs were lost. */
function mnistPanels(all: readonly LargeBatchStored[]): Panel[] {
  const rows = distinctTrainings(all);
  const final = rows.filter(({ phase }) => phase === "final");
  if (final.length === 0) return [];
  const batches = [...new Set(final.map(({ batch }) => batch))].sort((a, b) => a - b);
  const scores = batches.map((batch) => finalScores(rows, batch));
  const rules = contestantNames.filter((name) => final.some(({ rule }) => rule === name));
  const means = rules.flatMap((name) => scores.map((own) => own.find(({ rule }) => rule === name)?.mean ?? Number.NaN));
  const cell = (name: string, batch: number) =>
    rows.filter((row) => row.task === "mnist" && row.rule === name && row.batch === batch);
  const cells = rules.flatMap((name) => batches.map((batch) => cell(name, batch)));
  const lost = cells.map((own) => (own.length === 0 ? Number.NaN : own.filter(isLost).length));
  const common = {
    rows: rules.map((name) => name.replace("sgd + linear", "linear")),
    columns: batches.map((batch) => `batch ${batch}`),
    fontSize: 10,
    aspect: 0.85,
  };
  return [
    matrixPanel({
      ...common,
      title: "MNIST, tuned on validation samples: test accuracy",
      values: means,
      labels: means.map((mean) => (Number.isNaN(mean) ? "-" : `${(100 * mean).toFixed(1)} %`)),
      domain: [0.1, 1],
    }),
    matrixPanel({
      ...common,
      title: "MNIST: lost runs, of tuning and final ones",
      values: lost,
      labels: lost.map((count, i) => (Number.isNaN(count) ? "-" : `${count} of ${cells[i].length}`)),
      domain: [0.5, 7],
    }),
  ];
}

/** "20 x 256, 16384 images, 3 final seeds; epochs 4 (batch 128), .." */
function mnistText(rows: readonly LargeBatchStored[]): string {
  const mnist = rows.filter(({ task }) => task === "mnist").sort((a, b) => a.batch - b.batch);
  if (mnist.length === 0) return "";
  const { depth, width, samples } = mnist[0];
  const replicas = Math.max(...mnist.map((row) => row.replicas));
  const batches = [...new Set(mnist.map(({ batch }) => batch))];
  const steps = batches.map((batch) => {
    const { epochs } = mnist.find((row) => row.batch === batch) as LargeBatchStored;
    return `${batch}: ${epochs} (${epochs * Math.floor(samples / batch)} steps)`;
  });
  return ` MNIST: ${depth} blocks of ${width}, ${samples} images, 4 candidates per rule, ${replicas} final seeds; epochs at batch ${steps.join(", ")}. Lost: diverged, or accuracy below 0.15.`;
}

export function largeBatchFigure(rows: readonly LargeBatchStored[]): FigureSpec {
  const scores = toyScores(rows);
  const candidates = ["lalc-like-b", "lalc-like-a", "lalc-like-c", "lalc-like-d"];
  return {
    title: "Large batches: which learning-rate rule survives",
    caption: `Toy: mixture hard, 30 blocks of 128, batch 512, 120 steps, cosine, momentum 0.9, eta = tau = 0.02 (other candidates: their own defaults); mean of 3 seeds, bars are standard errors.${mnistText(rows)}`,
    panels: [
      ...toyPanel("Toy: rules", scores, Object.keys(toyRates)),
      ...toyPanel("Toy: LALC-like candidates", scores, candidates),
      ...mnistPanels(rows),
    ],
    columns: 2,
    publishedLabel: "table of the reference (other random numbers)",
    intervalLabel: "standard error",
  };
}
