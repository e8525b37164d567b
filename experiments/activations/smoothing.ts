/** E8: how strong and how sharp a kink has to be. */
import { halfCircle } from "../../src/analysis/spectra/points.ts";
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { measureRow, medianPoint, type SpectrumRow } from "./spectrum-row.ts";

interface SmoothingTrial {
  readonly family: "softplus" | "swish" | "elu" | "leakyRelu";
  readonly value: number;
  readonly n: number;
}
type Stored = StoredRow<SmoothingTrial, SpectrumRow>;

const values: Readonly<Record<Scale, Readonly<Record<SmoothingTrial["family"], readonly number[]>>>> = {
  quick: { softplus: [1, 4], swish: [1], elu: [0.5, 1], leakyRelu: [0.1] },
  minimal: {
    softplus: [1, 2, 4, 8, 16, 32, 64],
    swish: [1, 2, 4, 8, 16, 32, 64],
    elu: [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1, 1.01, 1.1, 1.5],
    leakyRelu: [-1, -0.5, 0, 0.1, 0.25, 0.5, 0.75, 0.9],
  },
  paper: {
    softplus: [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128],
    swish: [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128],
    elu: Array.from({ length: 41 }, (_, i) => i / 20),
    leakyRelu: Array.from({ length: 39 }, (_, i) => i / 20 - 1),
  },
};

function grid(scale: Scale): Partial<SmoothingTrial>[] {
  const ns = scale === "quick" ? [6] : [10, 20, 50];
  return (Object.keys(values[scale]) as SmoothingTrial["family"][]).flatMap((family) =>
    values[scale][family].flatMap((value) => ns.map((n) => ({ family, value, n }))),
  );
}

function figure(rows: readonly Stored[]): FigureSpec {
  const ns = [...new Set(rows.map((row) => row.n))].sort((a, b) => a - b);
  const panel = (family: SmoothingTrial["family"], xLabel: string, log: boolean) => {
    const of = rows.filter((row) => row.family === family);
    const points = ns.flatMap((n) =>
      of
        .filter((row) => row.n === n)
        .sort((a, b) => a.value - b.value)
        .map((row) => medianPoint(`n = ${n}`, row.value, [row])),
    );
    const law = of.flatMap((row) =>
      !log && row.law !== null && row.law > 0 ? [{ series: `n = ${row.n}`, x: row.value, y: row.law }] : [],
    );
    return lineWithBand({
      title: family,
      xLabel,
      yLabel: "smallest eigenvalue",
      ...(log ? { xScale: "log" as const } : {}),
      yScale: "log",
      points,
      published: law,
      dots: true,
    });
  };
  return {
    title: "Strength and smoothing of the kink, half circle",
    caption:
      "softplus and swish of slope beta tend to relu: a steep smooth activation behaves as kinked until n exceeds a multiple of beta. elu(a) jumps by 1 - a, leaky " +
      "relu by 1 - s; diamonds: J^2 / (4 n), at a = 1 pi^2 / (24 n^3). Open triangles: upper limits.",
    panels: [
      panel("softplus", "beta", true),
      panel("swish", "beta", true),
      panel("elu", "a", false),
      panel("leakyRelu", "slope below 0", false),
    ],
    columns: 2,
    publishedLabel: "law",
  };
}

export const smoothing: Experiment<SmoothingTrial, SpectrumRow> = experiment({
  id: "activations/smoothing",
  paper: "activations",
  source: "E8 (ours)",
  title: "Strength and smoothing of the kink",
  parameters: {
    family: { type: "string", default: "softplus", doc: "family", choices: ["softplus", "swish", "elu", "leakyRelu"] },
    value: { type: "number", default: 1, doc: "beta, a or the slope" },
    n: { type: "integer", default: 10, doc: "points of the half circle", minimum: 2, maximum: 500 },
  },
  grid,
  cost: ({ family, value, n }) => n * n + (family === "softplus" || family === "swish" ? 1000 * value : 0),
  trial: ({ family, value, n }) => [measureRow(`${family}:${value}`, { points: halfCircle(n) })],
  figure,
  claims: [],
});
