/** E1: the spectrum on the circle at infinite width, by activation and number of points. */

import type { BiasUse } from "../../src/analysis/spectra/infinite.ts";
import { circle as fullCircle, halfCircle } from "../../src/analysis/spectra/points.ts";
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { circleClaims } from "./circle-claims.ts";
import { sortedPoints } from "./spectrum-figure.ts";
import { measureRow, medianPoint, type SpectrumRow } from "./spectrum-row.ts";

export interface CircleTrial {
  readonly activation: string;
  readonly arc: "half" | "full";
  readonly n: number;
  readonly bias: BiasUse;
}

export type CircleStored = StoredRow<CircleTrial, SpectrumRow>;

const cubic = "poly:0,1,0.5,0.16666666666666666";
const few = ["relu", "selu", "elu", "tanh", "swish", cubic];
const all = [...few, "leakyRelu:0.1", "elu:0.5", "relu2", "relu3", "erf", "sigmoid", "softplus", "gelu", "geluTanh"];
const sizes: Readonly<Record<Scale, readonly number[]>> = {
  quick: [5, 10],
  minimal: [10, 14, 20, 28, 40, 50, 70, 100, 200],
  paper: [10, 14, 20, 28, 40, 50, 70, 100, 140, 200, 300, 400, 1000],
};

function grid(scale: Scale): Partial<CircleTrial>[] {
  const names = scale === "quick" ? few : all;
  const half = names.flatMap((activation) => sizes[scale].map((n) => ({ activation, arc: "half" as const, n })));
  const turns = scale === "quick" ? [5] : [10, 11, 50, 51];
  const full = names.flatMap((activation) => turns.map((n) => ({ activation, arc: "full" as const, n })));
  const withBias = names.flatMap((activation) =>
    (["fixed", "trained"] as const).flatMap((bias) =>
      (scale === "quick" ? [5] : [10, 50]).map((n) => ({ activation, arc: "full" as const, n, bias })),
    ),
  );
  return [...half, ...full, ...withBias];
}

export const plainHalf = (rows: readonly CircleStored[]): CircleStored[] =>
  rows.filter((row) => row.arc === "half" && row.bias === "none");

const shown = ["relu", "selu", "elu", "tanh", "swish", "erf"];

function sortedPanel(rows: readonly CircleStored[], n: number): Panel[] {
  const of = plainHalf(rows).filter((row) => row.n === n && shown.includes(row.activation));
  if (of.length === 0) return [];
  const points = shown.flatMap((name) =>
    of.filter((row) => row.activation === name).flatMap((row) => sortedPoints(name, row)),
  );
  const law = of.flatMap((row) =>
    row.law === null || row.law <= 0 ? [] : [{ series: row.activation, x: n, y: row.law }],
  );
  return [
    lineWithBand({
      title: `half circle, n = ${n}: sorted eigenvalues`,
      xLabel: "rank",
      yLabel: "eigenvalue",
      yScale: "log",
      points,
      published: law,
      dots: true,
      bars: true,
      scatter: true,
    }),
  ];
}

function figure(rows: readonly CircleStored[]): FigureSpec {
  const half = plainHalf(rows);
  const ns = [...new Set(half.map((row) => row.n))].sort((a, b) => a - b);
  const sweep = shown.flatMap((series) =>
    ns.flatMap((n) => {
      const row = half.find((r) => r.activation === series && r.n === n);
      return row === undefined ? [] : [medianPoint(series, n, [row])];
    }),
  );
  const lawPoints = half.flatMap((row) =>
    shown.includes(row.activation) && row.law !== null && row.law > 0
      ? [{ series: row.activation, x: row.n, y: row.law }]
      : [],
  );
  const drawn = ns.includes(50) ? [10, 50] : ns.slice(-1);
  return {
    title: "Gram spectra on the half circle at infinite width",
    caption:
      "First layer, no bias, E[a^2] = 1, c_phi = 1. Bars are error bounds (mostly smaller than the dots); open triangles: only an upper limit " +
      "is known. Diamonds: the laws C_r K^2 n^(1 - 2r) for kinks and n g_n for smooth activations. An eigensolver on the float64 matrix would show " +
      "noise below about 1e-14.",
    panels: [
      ...drawn.flatMap((n) => sortedPanel(rows, n)),
      lineWithBand({
        title: "smallest eigenvalue against n",
        xLabel: "points",
        yLabel: "smallest eigenvalue",
        xScale: "log",
        yScale: "log",
        points: sweep,
        published: lawPoints,
        dots: true,
      }),
    ],
    columns: 2,
    publishedLabel: "law for the smallest",
    intervalLabel: "error bound",
  };
}

export const circle: Experiment<CircleTrial, SpectrumRow> = experiment({
  id: "activations/circle",
  paper: "activations",
  source: "E1; figure 1 (c), (d)",
  title: "Spectrum on the circle, infinite width",
  parameters: {
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    arc: { type: "string", default: "half", doc: "equidistant points of this arc", choices: ["half", "full"] },
    n: { type: "integer", default: 10, doc: "points", minimum: 1, maximum: 2000 },
    bias: { type: "string", default: "none", doc: "bias of variance 1", choices: ["none", "fixed", "trained"] },
  },
  grid,
  cost: ({ n }) => n * n,
  trial: ({ activation, arc, n, bias }) => [
    measureRow(activation, { points: arc === "half" ? halfCircle(n) : fullCircle(n), bias }),
  ],
  figure,
  claims: circleClaims,
});
