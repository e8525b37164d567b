/** E8's figure: the toy grid beside the table of papers/bn-relu, tuned rules on MNIST by batch. */
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, matrixPanel } from "../../src/lab/panels.ts";
import { finalScores, type LargeBatchStored, type Score, toyScores } from "./large-batch-claims.ts";
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

function mnistPanel(rows: readonly LargeBatchStored[]): Panel[] {
  const final = rows.filter(({ phase }) => phase === "final");
  if (final.length === 0) return [];
  const batches = [...new Set(final.map(({ batch }) => batch))].sort((a, b) => a - b);
  const scores = batches.map((batch) => finalScores(rows, batch));
  const rules = contestantNames.filter((name) => final.some(({ rule }) => rule === name));
  const means = rules.flatMap((name) => scores.map((own) => own.find(({ rule }) => rule === name)?.mean ?? Number.NaN));
  const labels = means.map((mean) => (Number.isNaN(mean) ? "-" : `${(100 * mean).toFixed(1)} %`));
  const columns = batches.map((batch) => `batch ${batch}`);
  const title = "MNIST, tuned on validation samples: test accuracy";
  return [
    matrixPanel({ title, rows: rules, columns, values: means, labels, domain: [0.1, 1], fontSize: 10, aspect: 0.9 }),
  ];
}

export function largeBatchFigure(rows: readonly LargeBatchStored[]): FigureSpec {
  const scores = toyScores(rows);
  const candidates = ["lalc-like-b", "lalc-like-a", "lalc-like-c", "lalc-like-d"];
  const mnist = rows.find(({ task }) => task === "mnist");
  const about =
    mnist === undefined
      ? ""
      : ` MNIST: ${mnist.width} x ${mnist.depth}, ${mnist.samples} images, ${mnist.epochs} epochs, 4 candidates per rule, 2 final seeds.`;
  return {
    title: "Large batches: which learning-rate rule survives",
    caption: `Toy: mixture hard, 30 blocks of 128, batch 512, 120 steps, cosine, momentum 0.9, eta = tau = 0.02; mean of 3 seeds, bars are standard errors.${about}`,
    panels: [
      ...toyPanel("Toy: rules", scores, Object.keys(toyRates)),
      ...toyPanel("Toy: LALC-like candidates", scores, candidates),
      ...mnistPanel(rows),
    ],
    columns: 2,
    publishedLabel: "table of the reference (other random numbers)",
    intervalLabel: "standard error",
  };
}
