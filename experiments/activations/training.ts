/** E2: does gradient descent follow the spectrum, and from which width on? */
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { type TrainingRow, type TrainingTrial, trainingParameters, trainingTrial } from "./training-trial.ts";

export type TrainingStored = StoredRow<TrainingTrial, TrainingRow>;

const activations = ["relu", "selu", "elu", "tanh", "swish"];
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function grid(scale: Scale): Partial<TrainingTrial>[] {
  if (scale === "quick") {
    return activations.map((activation) => ({ activation, n: 5, width: 256, steps: 40, step: "common" as const }));
  }
  const paper = scale === "paper";
  const [replicas, width, steps] = paper ? [range(5), 1_000_000, 100_000] : [range(3), 32_768, 1000];
  const common = activations.flatMap((activation) =>
    replicas.map((replica) => ({ activation, width, steps, replica })),
  );
  const largest = activations.flatMap((activation) => ({ activation, width, steps, step: "largest" as const }));
  const widths = [1024, 8192, 131_072].map((units) => ({
    activation: "relu",
    width: units,
    steps,
    step: "largest" as const,
  }));
  const fifty = activations.map((activation) => ({ activation, n: 50, width: paper ? width : 4096, steps, eta: 0.03 }));
  return [...common, ...largest, ...widths, ...fifty];
}

const commonTen = (rows: readonly TrainingStored[]): TrainingStored[] =>
  rows.filter((row) => row.n === 10 && row.step === "common" && row.weightFormat === "");

/** Rows of each activation of one replica, or undefined. */
function replicaRows(rows: readonly TrainingStored[], replica: number): TrainingStored[] | undefined {
  const found = activations.map((name) => rows.find((row) => row.activation === name && row.replica === replica));
  return found.every((row) => row !== undefined) ? (found as TrainingStored[]) : undefined;
}

const replicasOf = (rows: readonly TrainingStored[]): number[] => [...new Set(rows.map((row) => row.replica))];

const slow: Claim<TrainingTrial, TrainingRow> = {
  id: "activations/C6",
  statement: "Small eigenvalues mean slow training",
  published:
    "abstract; ours, n = 10, width 32768, step 0.15, loss ratio after 1000 steps: relu 0.005, selu 0.052, tanh 0.34, elu 0.40, swish 0.56",
  rule: "half circle, n = 10, common step 0.15, at least 3 draws, last recorded loss ratio: in every draw relu < selu < tanh, elu < swish, and swish is at least 10 times relu",
  evaluate(rows) {
    const common = commonTen(rows);
    const draws = replicasOf(common)
      .map((replica) => replicaRows(common, replica))
      .filter((draw) => draw !== undefined);
    const ours = draws.map((draw) => draw.map((row) => row.lastRatio.toPrecision(2)).join(", ")).join(" | ");
    if (draws.length < 3) return { verdict: "undecided", ours: `${draws.length} draws` };
    const good = draws.every((draw) => {
      const [relu, selu, elu, tanh, swish] = draw.map((row) => row.lastRatio);
      return relu < selu && selu < Math.min(tanh, elu) && Math.max(tanh, elu) < swish && swish > 10 * relu;
    });
    return { verdict: good ? "holds" : "fails", ours: `${activations.join(", ")}: ${ours}`, rows: 5 * draws.length };
  },
};

/** Spearman's rank correlation. */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  const ranks = (values: readonly number[]): number[] =>
    values.map((value) => {
      const below = values.filter((other) => other < value).length;
      return below + (values.filter((other) => other === value).length - 1) / 2;
    });
  const [a, b] = [ranks(x), ranks(y)];
  const mean = (x.length - 1) / 2;
  const inner = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, v, i) => sum + (v - mean) * (q[i] - mean), 0);
  return inner(a, b) / Math.sqrt(inner(a, a) * inner(b, b));
}

const sideBySide: Claim<TrainingTrial, TrainingRow> = {
  id: "activations/C9",
  statement: "n = 10 and n = 50: the order of the loss curves is the order of the small eigenvalues",
  published: "figure 1, values unknown",
  rule: "common step, per draw the rank correlation over five activations between lambda_min of G and minus the last loss ratio is at least 0.8, for n = 10 (3 draws) and n = 50",
  evaluate(rows) {
    const of = (n: number) => rows.filter((row) => row.n === n && row.step === "common" && row.weightFormat === "");
    const found = [10, 50].flatMap((n) =>
      replicasOf(of(n)).flatMap((replica) => {
        const draw = replicaRows(of(n), replica);
        return draw === undefined
          ? []
          : [
              {
                n,
                rho: rankCorrelation(
                  draw.map((row) => row.lambdaMin),
                  draw.map((row) => -row.lastRatio),
                ),
              },
            ];
      }),
    );
    const ours = found.map(({ n, rho }) => `n = ${n}: ${rho.toFixed(2)}`).join(", ");
    if (found.filter(({ n }) => n === 10).length < 3 || !found.some(({ n }) => n === 50))
      return { verdict: "undecided", ours };
    return { verdict: found.every(({ rho }) => rho >= 0.8 - 1e-9) ? "holds" : "fails", ours };
  },
};

function curves(title: string, rows: readonly TrainingStored[], name: (row: TrainingStored) => string): Panel {
  const points = rows.flatMap((row) => row.time.map((t, i) => ({ series: name(row), x: t + 1, y: row.ratio[i] })));
  const every = rows.flatMap((row) =>
    row.time.flatMap((t, i) =>
      i % 3 === 2 && row.predictedRatio[i] > 1e-6 ? [{ series: name(row), x: t + 1, y: row.predictedRatio[i] }] : [],
    ),
  );
  return lineWithBand({
    title,
    xLabel: "step + 1",
    yLabel: "loss over first loss",
    xScale: "log",
    yScale: "log",
    points,
    published: every,
  });
}

function figure(rows: readonly TrainingStored[]): FigureSpec {
  const common = rows.filter((row) => row.step === "common" && row.replica === 0 && row.weightFormat === "");
  const ns = [...new Set(common.map((row) => row.n))].sort((a, b) => a - b);
  const panels = ns.map((n) => {
    const of = common.filter((row) => row.n === n);
    return curves(`common step ${of[0].eta}, n = ${n}, width ${of[0].width}`, of, (row) => row.activation);
  });
  const largest = rows.filter((row) => row.step === "largest" && row.n === 10);
  const wide = largest.filter(
    (row) => row.width === Math.max(...largest.filter((r) => r.activation === "swish").map((r) => r.width)),
  );
  if (wide.length > 0)
    panels.push(curves(`step 1 / lambda_max, n = 10, width ${wide[0].width}`, wide, (row) => row.activation));
  const relu = largest
    .filter((row) => row.activation === "relu" && row.width !== 8192)
    .sort((a, b) => a.width - b.width);
  if (relu.length > 1)
    panels.push(
      curves("relu by width, step 1 / lambda_max, n = 10", relu, (row) =>
        row.width === wide[0]?.width ? "relu" : `relu, width ${row.width}`,
      ),
    );
  return {
    title: "Training on the half circle beside what the spectrum at initialization predicts",
    caption:
      "First layer trained by full-batch gradient descent in float64, random labels, the first output subtracted. Diamonds: the frozen kernel. Where they leave the curve the kernel has moved (flaw F5: the width is too small).",
    panels,
    columns: 2,
    publishedLabel: "frozen kernel",
  };
}

export const training: Experiment<TrainingTrial, TrainingRow> = experiment({
  id: "activations/training",
  paper: "activations",
  source: "E2; figure 1 (a), (b)",
  title: "Training on the circle",
  parameters: trainingParameters,
  grid,
  cost: ({ n, width, steps, activation }) =>
    n * width * steps * (activation.includes("elu") && activation !== "selu" ? 1 : 2),
  trial: trainingTrial,
  figure,
  claims: [slow, sideBySide],
});
