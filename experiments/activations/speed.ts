/** E13: which number of the spectrum predicts how long training takes? */
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { rankCorrelation } from "./training.ts";
import { levels, type TrainingRow, type TrainingTrial, trainingParameters, trainingTrial } from "./training-trial.ts";

type Stored = StoredRow<TrainingTrial, TrainingRow>;

const activations = ["relu", "leakyRelu:0.1", "selu", "elu", "tanh", "erf", "swish", "gelu"];

function grid(scale: Scale): Partial<TrainingTrial>[] {
  const quick = scale === "quick";
  const names = quick ? activations.slice(0, 3) : activations;
  const replicas = quick ? [0] : scale === "minimal" ? [0, 1, 2] : [0, 1, 2, 3, 4];
  const sizes = quick
    ? { n: 5, width: 256, steps: 40 }
    : { n: 10, width: scale === "minimal" ? 8192 : 131_072, steps: scale === "minimal" ? 1500 : 20_000 };
  return names.flatMap((activation) => replicas.map((replica) => ({ ...sizes, activation, replica })));
}

const predictors = ["predicted", "weighted", "crude"] as const;
const words = {
  predicted: "frozen kernel",
  weighted: "residual-weighted mean eigenvalue",
  crude: "ln(1/eps) / (eta lambda_min)",
};

/** Rank correlations over the activations of each draw between a predictor and the steps taken, runs that ended before the level apart. */
export function correlations(rows: readonly Stored[], predictor: (typeof predictors)[number], level: number): number[] {
  return [...new Set(rows.map((row) => row.replica))].flatMap((replica) => {
    const draw = rows.filter((row) => row.replica === replica && row.reached[level] !== null);
    if (draw.length < 4) return [];
    const rho = rankCorrelation(
      draw.map((row) => row[predictor][level]),
      draw.map((row) => row.reached[level] as number),
    );
    return Number.isNaN(rho) ? [] : [rho];
  });
}

function figure(rows: readonly Stored[]): FigureSpec {
  const panels = predictors.map((predictor) =>
    lineWithBand({
      title: words[predictor],
      xLabel: "steps predicted",
      yLabel: "steps taken",
      xScale: "log",
      yScale: "log",
      points: levels.flatMap((level, i) =>
        rows
          .filter((row) => row.reached[i] !== null && Number.isFinite(row[predictor][i]))
          .map((row) => ({
            series: `to ${level}`,
            x: Math.max(1, row[predictor][i]),
            y: Math.max(1, row.reached[i] as number),
          })),
      ),
      dots: true,
      scatter: true,
    }),
  );
  const lines = predictors.map((predictor) => {
    const found = levels.map((level, i) => {
      const all = correlations(rows, predictor, i);
      return all.length === 0 ? `${level}: -` : `${level}: ${(all.reduce((a, b) => a + b, 0) / all.length).toFixed(2)}`;
    });
    return `${words[predictor]} ${found.join(", ")}`;
  });
  const narrow = rows.filter((row) => row.needed > row.allowed).length;
  return {
    title: "Steps to a loss level, taken and predicted",
    caption: `Half circle, n = ${rows[0].n}, width ${rows[0].width}, common step ${rows[0].eta}. Mean rank correlation over activations: ${lines.join("; ")}. In ${narrow} of ${rows.length} runs the width is too small for the frozen kernel (R > 0.1 of the angular gap).`,
    panels,
    columns: 3,
  };
}

export const speed: Experiment<TrainingTrial, TrainingRow> = experiment({
  id: "activations/speed",
  paper: "activations",
  source: "E13 (ours)",
  title: "Speed predicted from the spectrum",
  parameters: trainingParameters,
  grid,
  cost: ({ n, width, steps }) => n * width * steps,
  trial: trainingTrial,
  figure,
  claims: [],
});
