/** Pictures of trainings: losses and accuracies over steps, norms over layers. */
import type { TrainingRow } from "../analysis/training/record.ts";
import type { FigureSpec, Panel } from "../lab/figure.ts";
import { lineWithBand, type Point } from "../lab/panels.ts";

/** One curve. */
export interface Curve {
  readonly name: string;
  readonly rows: readonly TrainingRow[];
}

const finite = (points: readonly Point[]): Point[] => points.filter(({ y }) => Number.isFinite(y));

/** The name, with the step at which a curve ends early. */
function label({ name, rows }: Curve): string {
  const at = rows.at(-1)?.diverged?.step;
  return at === undefined ? name : `${name} (diverges at step ${at + 1})`;
}

function lossPanel(curves: readonly Curve[]): Panel {
  const points = curves.flatMap((curve) =>
    curve.rows.map(({ step, meanLoss }) => ({ series: label(curve), x: step, y: meanLoss })),
  );
  const yLabel = "mean since the last row";
  return lineWithBand({
    title: "training loss",
    xLabel: "step",
    yLabel,
    points: finite(points),
    dots: points.length < 4,
  });
}

function accuracyPanel(curves: readonly Curve[], evaluatedOn: string): Panel[] {
  const points = curves.flatMap((curve) =>
    curve.rows.flatMap(({ step, evaluation }) =>
      evaluation === null ? [] : [{ series: label(curve), x: step, y: evaluation.accuracy }],
    ),
  );
  if (points.length < 2) return [];
  return [lineWithBand({ title: `accuracy, ${evaluatedOn}`, xLabel: "step", yLabel: "share", points, dots: true })];
}

/** Rows at the beginning, in the middle and at the end. */
function chosenRows(rows: readonly TrainingRow[]): TrainingRow[] {
  const traced = rows.filter(({ layers }) => layers !== null);
  const places = [0, Math.floor((traced.length - 1) / 2), traced.length - 1];
  return [...new Set(places)].flatMap((place) => (traced[place] === undefined ? [] : [traced[place]]));
}

/** Norms over the matrices and kernels, which are those named `*weight` of no norm, or `w1`, `w2`, ... */
function layerPanels(rows: readonly TrainingRow[], parameters: readonly string[]): Panel[] {
  const places = [...parameters.keys()].filter((i) => /^w\d+$|^(linear|conv)\d+\.weight$/.test(parameters[i]));
  const kept = chosenRows(rows);
  if (kept.length === 0 || places.length < 2) return [];
  const panel = (
    title: string,
    yLabel: string,
    of: (layers: NonNullable<TrainingRow["layers"]>, i: number) => number,
  ): Panel => {
    const points = kept.flatMap(({ step, layers }) =>
      places.map((i, x) => ({ series: `step ${step}`, x: x + 1, y: of(layers as NonNullable<typeof layers>, i) })),
    );
    const positive = finite(points).filter(({ y }) => y > 0);
    return lineWithBand({ title, xLabel: "matrix", yLabel, yScale: "log", points: positive, dots: true });
  };
  return [
    panel("gradients", "norm(g)", ({ gradients }, i) => gradients[i]),
    panel("relative steps", "norm(dw) / norm(w)", ({ moved, weights }, i) => moved[i] / weights[i]),
  ];
}

export function trainingFigure(
  title: string,
  caption: string,
  curve: Curve,
  parameters: readonly string[],
  evaluatedOn: string,
): FigureSpec {
  const panels = [lossPanel([curve]), ...accuracyPanel([curve], evaluatedOn), ...layerPanels(curve.rows, parameters)];
  return { title, caption, panels, columns: Math.min(2, panels.length) };
}

export function comparisonFigure(curves: readonly Curve[], evaluatedOn: string): FigureSpec {
  const panels = [lossPanel(curves), ...accuracyPanel(curves, evaluatedOn)];
  return { title: "Trainings", caption: "Stored trainings by what tells them apart.", panels, columns: panels.length };
}
