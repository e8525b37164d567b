/** E3: random points of the sphere in growing dimension: when do smooth activations stop being worse? */
import { nearSpan, sphere } from "../../src/analysis/spectra/points.ts";
import { type Claim, type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { cellMap } from "./cell-map.ts";
import { measureRow, medianOf, medianPoint, noNumber, type SpectrumRow } from "./spectrum-row.ts";

interface DimensionTrial {
  readonly activation: string;
  readonly n: number;
  readonly d: number;
  /** Points span `d` dimensions of `ambient`, plus noise of this size; ambient 0: no lift. */
  readonly ambient: number;
  readonly noise: number;
  readonly replica: number;
}
type Stored = StoredRow<DimensionTrial, SpectrumRow>;

const activations = ["relu", "selu", "elu", "tanh", "erf", "swish"];
const dimensions = [2, 3, 5, 10, 20, 50, 100];

const sizes: Readonly<
  Record<Scale, { readonly n: number; readonly replicas: number; readonly map: readonly number[] }>
> = {
  quick: { n: 12, replicas: 1, map: [6] },
  minimal: { n: 200, replicas: 3, map: [20, 50, 100] },
  paper: { n: 1000, replicas: 10, map: [20, 50, 100, 200, 500] },
};

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function grid(scale: Scale): Partial<DimensionTrial>[] {
  const { n, replicas, map } = sizes[scale];
  const chosen = scale === "quick" ? [2, 5] : dimensions;
  const sweep = activations.flatMap((activation) =>
    chosen.flatMap((d) => range(replicas).map((replica) => ({ activation, n, d, replica }))),
  );
  // Conditioning over (n, d), one draw per cell.
  const maps = activations.flatMap((activation) =>
    map.flatMap((size) => chosen.map((d) => ({ activation, n: size, d }))),
  );
  const noises = scale === "quick" ? [0, 0.1] : [0, 1e-3, 1e-2, 1e-1];
  const spans = ["relu", "elu", "tanh", "swish"].flatMap((activation) =>
    noises.map((noise) => ({ activation, n: scale === "quick" ? 12 : 100, d: 3, ambient: 50, noise })),
  );
  return [...sweep, ...maps, ...spans];
}

const plain = (rows: readonly Stored[], n: number, activation: string, d: number): Stored[] =>
  rows.filter((row) => row.n === n && row.activation === activation && row.d === d && row.ambient === 0);

const largest = (rows: readonly Stored[]): number => Math.max(...rows.map((row) => row.n));

const highDimension: Claim<DimensionTrial, SpectrumRow> = {
  id: "activations/C4",
  statement: "Large data dimension plus a mild condition: eigenvalues are large for smooth activations too",
  published: `${noNumber}; ours, n = 200, tanh: below noise (d = 2), 4.9e-5 (d = 5), 0.047 (d = 20), 0.092 (d = 100)`,
  rule: "medians over at least 3 draws, n = 200: at d = 2 tanh and swish are below 1e-9 of relu; from d = 50 on tanh is above 0.2 and swish above 0.1 of relu; both grow with d",
  evaluate(rows) {
    const n = largest(rows);
    const median = (name: string, d: number): number => medianOf(plain(rows, n, name, d));
    const cells = dimensions.flatMap((d) => ["relu", "tanh", "swish"].map((name) => plain(rows, n, name, d).length));
    const ours = ["relu", "tanh", "swish"]
      .map((name) => `${name} ${[2, 5, 20, 100].map((d) => median(name, d).toExponential(1)).join(", ")}`)
      .join("; ");
    if (n < 200 || Math.min(...cells) < 3) return { verdict: "undecided", ours: "too few draws" };
    const low = ["tanh", "swish"].every((name) => median(name, 2) < 1e-9 * median("relu", 2));
    const high = [50, 100].every(
      (d) => median("tanh", d) > 0.2 * median("relu", d) && median("swish", d) > 0.1 * median("relu", d),
    );
    const grows = ["tanh", "swish"].every((name) =>
      dimensions.slice(1).every((d, i) => median(name, d) > median(name, dimensions[i])),
    );
    return { verdict: low && high && grows ? "holds" : "fails", ours: `n = ${n}, d = 2, 5, 20, 100: ${ours}` };
  },
};

function figure(rows: readonly Stored[]): FigureSpec {
  const n = largest(rows);
  const ds = [...new Set(rows.filter((row) => row.ambient === 0).map((row) => row.d))].sort((a, b) => a - b);
  const points = activations.flatMap((name) =>
    ds.flatMap((d) => {
      const cell = plain(rows, n, name, d);
      return cell.length === 0 ? [] : [medianPoint(name, d, cell)];
    }),
  );
  const spans = rows.filter((row) => row.ambient > 0);
  const noisy = ["relu", "elu", "tanh", "swish"].flatMap((name) =>
    spans
      .filter((row) => row.activation === name)
      .sort((a, b) => a.noise - b.noise)
      .map((row) => medianPoint(name, row.noise === 0 ? 1e-4 : row.noise, [row])),
  );
  const ns = [...new Set(rows.filter((row) => row.ambient === 0).map((row) => row.n))].sort((a, b) => a - b);
  const maps = ["relu", "tanh"].map((name) =>
    cellMap({
      title: `${name}: condition number; grey: not resolved`,
      xLabel: "dimension (index of 2, 3, 5, 10, 20, 50, 100)",
      yLabel: "points (index)",
      valueLabel: "condition",
      x: [0, ds.length],
      y: [0, ns.length],
      columns: ds.length,
      rows: ns.length,
      values: ns.flatMap((size) => ds.map((d) => plain(rows, size, name, d)[0]?.condition ?? Number.NaN)),
      colorScale: "log",
      aspect: 0.62,
    }),
  );
  return {
    title: "Smallest eigenvalue of random points by dimension",
    caption: `Infinite width, n = ${n}, uniform on the sphere; medians with the range over draws; open triangles: upper limits. Second panel: 100 points that span 3 of 50 dimensions plus noise (1e-4 stands for none). Maps: rows n = ${ns.join(", ")}.`,
    panels: [
      lineWithBand({
        title: "sphere",
        xLabel: "dimension",
        yLabel: "smallest eigenvalue",
        xScale: "log",
        yScale: "log",
        points,
        dots: true,
      }),
      lineWithBand({
        title: "near a subspace",
        xLabel: "noise",
        yLabel: "smallest eigenvalue",
        xScale: "log",
        yScale: "log",
        points: noisy,
        dots: true,
      }),
      ...maps,
    ],
    columns: 2,
  };
}

export const dimension: Experiment<DimensionTrial, SpectrumRow> = experiment({
  id: "activations/dimension",
  paper: "activations",
  source: "E3",
  title: "Dimension of the data",
  parameters: {
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    n: { type: "integer", default: 50, doc: "points", minimum: 2, maximum: 5000 },
    d: { type: "integer", default: 2, doc: "dimension of the span", minimum: 1, maximum: 4096 },
    ambient: { type: "integer", default: 0, doc: "dimension that the points are lifted into; 0: none", minimum: 0 },
    noise: { type: "number", default: 0, doc: "size of the noise off the span", minimum: 0 },
    replica: { type: "integer", default: 0, doc: "draw of the points", minimum: 0 },
  },
  grid,
  cost: ({ n, activation }) => n ** 3 * (["tanh", "swish", "erf"].includes(activation) ? 5 : 1),
  trial: ({ activation, n, d, ambient, noise, replica }, { seed }) => {
    const points = ambient > 0 ? nearSpan(n, d, ambient, noise, seed, replica) : sphere(n, d, seed, replica);
    return [measureRow(activation, { points })];
  },
  figure,
  claims: [highDimension],
});
