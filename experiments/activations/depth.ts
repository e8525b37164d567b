/** E6: which depth removes the penalty of a low dimension? */
import type { InfiniteOptions } from "../../src/analysis/spectra/infinite.ts";
import { halfCircle } from "../../src/analysis/spectra/points.ts";
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { cellMap } from "./cell-map.ts";
import { measureRow, medianPoint, noNumber, type SpectrumRow, show } from "./spectrum-row.ts";

interface DepthTrial {
  readonly activation: string;
  readonly normalization: NonNullable<InfiniteOptions["normalization"]>;
  readonly layers: "first" | "all";
  readonly n: number;
  readonly depth: number;
  /** Units per layer; 0 is infinite. */
  readonly width: number;
}
type Stored = StoredRow<DepthTrial, SpectrumRow>;

const nets: readonly (readonly [string, DepthTrial["normalization"]])[] = [
  ["relu", "plain"],
  ["relu", "centred"],
  ["tanh", "plain"],
  ["erf", "plain"],
  ["swish", "plain"],
  ["swish", "centred"],
];
const depths: Readonly<Record<Scale, readonly number[]>> = {
  quick: [1, 2],
  minimal: [1, 2, 3, 4, 6, 8, 12, 16],
  paper: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64],
};

function grid(scale: Scale): Partial<DepthTrial>[] {
  const ns = scale === "quick" ? [6] : scale === "minimal" ? [20, 50] : [20, 50, 200];
  const infinite = nets.flatMap(([activation, normalization]) =>
    ns.flatMap((n) =>
      depths[scale].flatMap((depth) =>
        (["first", "all"] as const).map((layers) => ({ activation, normalization, n, depth, layers })),
      ),
    ),
  );
  const widths = scale === "quick" ? [16] : scale === "minimal" ? [64, 256, 1024] : [64, 256, 1024, 2048];
  const finite = nets.flatMap(([activation, normalization]) =>
    widths.flatMap((width) => [1, 2, 4].map((depth) => ({ activation, normalization, n: ns[0], depth, width }))),
  );
  return [...infinite, ...finite];
}

const at = (
  rows: readonly Stored[],
  activation: string,
  normalization: string,
  depth: number,
  more: Partial<DepthTrial> = {},
): Stored | undefined => {
  const wanted = { layers: "first", n: 20, width: 0, activation, normalization, depth, ...more };
  return rows.find((row) => Object.entries(wanted).every(([name, value]) => row[name as keyof Stored] === value));
};

const claim: Claim<DepthTrial, SpectrumRow> = {
  id: "activations/C5",
  statement: "Depth removes the limit on the dimension, if sufficient",
  published: `${noNumber}; ours, half circle, n = 20, tanh, first layer: 4.1e-7 (1 hidden layer), 1.1e-2 (8), 1.8 (16)`,
  rule: "half circle, n = 20, first-layer Gram: the smallest eigenvalue grows with depth in all six nets; at 16 layers tanh, erf and swish centred are above a tenth of lambda_max / n, and above 1e4 times their value at one layer",
  evaluate(rows) {
    const cells = nets.map(([name, how]) => depths.minimal.map((depth) => at(rows, name, how, depth)));
    if (cells.some((cell) => cell.some((row) => row === undefined)))
      return { verdict: "undecided", ours: "cells are missing" };
    const found = cells as Stored[][];
    const grows = found.every((cell) =>
      cell.slice(1).every((row, i) => row.lambdaMin - row.floor > cell[i].lambdaMin + cell[i].floor),
    );
    const deep = [found[2], found[3], found[5]];
    const large = deep.every((cell) => {
      const [first, last] = [cell[0], cell[cell.length - 1]];
      return last.lambdaMin > (0.1 * last.lambdaMax) / last.n && last.lambdaMin > 1e4 * (first.lambdaMin + first.floor);
    });
    const ours = found
      .map((cell, i) => `${nets[i].join(" ")} ${[cell[0], cell[5], cell[7]].map(show).join(", ")}`)
      .join("; ");
    return { verdict: grows && large ? "holds" : "fails", ours: `1, 8, 16 layers: ${ours}`, rows: found.flat().length };
  },
};

const label = (activation: string, normalization: string): string => `${activation} ${normalization}`;

function depthPanel(rows: readonly Stored[], n: number, layers: "first" | "all"): Panel {
  const points = nets.flatMap(([name, how]) =>
    rows
      .filter(
        (row) =>
          row.width === 0 &&
          row.n === n &&
          row.layers === layers &&
          row.activation === name &&
          row.normalization === how,
      )
      .sort((a, b) => a.depth - b.depth)
      .map((row) => medianPoint(label(name, how), row.depth, [row])),
  );
  return lineWithBand({
    title: `n = ${n}, ${layers === "first" ? "first-layer Gram matrix" : "all layers (neural tangent kernel)"}`,
    xLabel: "hidden layers",
    yLabel: "smallest eigenvalue",
    xScale: "log",
    yScale: "log",
    points,
    dots: true,
  });
}

function figure(rows: readonly Stored[]): FigureSpec {
  const ns = [...new Set(rows.map((row) => row.n))].sort((a, b) => a - b);
  const widths = [...new Set(rows.map((row) => row.width))].sort(
    (a, b) => (a || Number.POSITIVE_INFINITY) - (b || Number.POSITIVE_INFINITY),
  );
  const layers = [1, 2, 4];
  const maps = [nets[0], nets[2]].map(([name, how]) =>
    cellMap({
      title: `${label(name, how)}: condition number, n = ${ns[0]}; grey: not resolved`,
      xLabel: `width (index of ${widths.map((width) => width || "infinite").join(", ")})`,
      yLabel: "depth (index of 1, 2, 4)",
      valueLabel: "condition",
      x: [0, widths.length],
      y: [0, layers.length],
      columns: widths.length,
      rows: layers.length,
      values: layers.flatMap((depth) =>
        widths.map((width) => at(rows, name, how, depth, { n: ns[0], width })?.condition ?? Number.NaN),
      ),
      colorScale: "log",
      aspect: 0.62,
    }),
  );
  return {
    title: "Depth and the smallest eigenvalue, half circle",
    caption:
      "phi scaled to E[phi^2] = 1, plain or centred. Smooth activations in double-double; open triangles: upper limits. Maps: one draw per finite width.",
    panels: [
      depthPanel(rows, ns[0], "first"),
      depthPanel(rows, ns[0], "all"),
      ...(ns.length > 1 ? [depthPanel(rows, ns[1], "first")] : []),
      ...maps,
    ],
    columns: 2,
  };
}

export const depth: Experiment<DepthTrial, SpectrumRow> = experiment({
  id: "activations/depth",
  paper: "activations",
  source: "E6",
  title: "Depth",
  parameters: {
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    normalization: { type: "string", default: "plain", doc: "of phi", choices: ["plain", "centred"] },
    layers: { type: "string", default: "first", doc: "trained layers", choices: ["first", "all"] },
    n: { type: "integer", default: 20, doc: "points of the half circle", minimum: 2, maximum: 500 },
    depth: { type: "integer", default: 1, doc: "hidden layers", minimum: 1, maximum: 200 },
    width: { type: "integer", default: 0, doc: "units per layer; 0 is infinite", minimum: 0, maximum: 16384 },
  },
  grid,
  cost: ({ n, depth: layers, width }) => n * n * layers * 100 + n * layers * width * width,
  trial: ({ activation, normalization, layers, n, depth: hidden, width }, { seed, signal }) => [
    measureRow(activation, {
      ...{ points: halfCircle(n), normalization, layers, depth: hidden, seed, signal },
      ...(width === 0 ? {} : { width }),
    }),
  ],
  figure,
  claims: [claim],
});
