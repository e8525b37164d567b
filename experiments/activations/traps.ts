/** E11: what bad data do: close pairs, opposite pairs, rows of unequal norm, with and without a bias. */
import { activationNamed } from "../../src/analysis/spectra/activations.ts";
import type { BiasUse } from "../../src/analysis/spectra/infinite.ts";
import { type Points, row, sphere } from "../../src/analysis/spectra/points.ts";
import { gaussianWeights } from "../../src/analysis/spectra/weights.ts";
import { widthGram } from "../../src/analysis/spectra/width.ts";
import { stream } from "../../src/base/random.ts";
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { measureRow, medianPoint, type SpectrumRow } from "./spectrum-row.ts";

interface TrapsTrial {
  /** close: the last point lies at `angle` from the first; opposite: at pi - angle; norms: rows of norm 1/2 to 2. */
  readonly trap: "close" | "opposite" | "norms";
  readonly activation: string;
  readonly angle: number;
  readonly bias: BiasUse;
  readonly n: number;
  readonly replica: number;
}

interface TrapsRow extends SpectrumRow {
  /** norms: the largest entry of G - diag(s) G_unit diag(s) over that of G, of one network; else null. */
  readonly homogeneity: number | null;
}
type Stored = StoredRow<TrapsTrial, TrapsRow>;

const activations = ["relu", "selu", "elu", "tanh", "swish"];

function grid(scale: Scale): Partial<TrapsTrial>[] {
  const quick = scale === "quick";
  const angles = quick ? [0, 0.1] : [0, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
  const replicas = quick ? [0] : [0, 1, 2];
  const n = quick ? 6 : 20;
  const pairs = (["close", "opposite"] as const).flatMap((trap) =>
    (["none", "trained"] as const).flatMap((bias) =>
      activations.flatMap((activation) =>
        angles.flatMap((angle) => replicas.map((replica) => ({ trap, activation, angle, bias, n, replica }))),
      ),
    ),
  );
  const norms = [...activations, "leakyRelu:0.1"].map((activation) => ({ trap: "norms" as const, activation, n }));
  return [...pairs, ...norms];
}

/** Points of the 2-sphere in which the last is the first, turned by `angle`, perhaps through the origin. */
function pairPoints({ trap, angle, n, replica }: TrapsTrial, seed: number): Points {
  const points = sphere(n, 3, seed, replica);
  const [x, y] = [row(points, 0), row(points, n - 1)];
  let along = 0;
  for (let k = 0; k < 3; k++) along += x[k] * y[k];
  const aside = y.map((value, k) => value - along * x[k]);
  const length = Math.sqrt(aside.reduce((sum, value) => sum + value * value, 0));
  const sign = trap === "close" ? 1 : -1;
  // Normalized, this lies at atan(angle) from the first point.
  const turned = x.map((value, k) => sign * (value + (angle * aside[k]) / length));
  const norm = Math.sqrt(turned.reduce((sum, value) => sum + value * value, 0));
  const rows = points.rows.slice();
  rows.set(
    turned.map((value) => value / norm),
    3 * (n - 1),
  );
  return { ...points, rows };
}

/** diag(s) G diag(s) = G of the scaled points for positively homogeneous activations only. */
function norms({ activation: name, n, replica }: TrapsTrial, seed: number): number {
  const unit = sphere(n, 3, seed, replica);
  const draws = stream(seed, `activations/norms/${replica}`);
  const scales = Float64Array.from({ length: n }, () => 2 ** (2 * draws.uniform() - 1));
  const rows = unit.rows.map((x, at) => x * scales[Math.floor(at / 3)]);
  const [activation, weights] = [activationNamed(name), gaussianWeights(2000, 3, seed, replica)];
  const plain = widthGram({ activation, weights, points: unit });
  const scaled = widthGram({ activation, weights, points: { ...unit, rows, raw: true } });
  let [apart, largest] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      apart = Math.max(apart, Math.abs(scaled.high[i * n + j] - scales[i] * scales[j] * plain.high[i * n + j]));
      largest = Math.max(largest, Math.abs(scaled.high[i * n + j]));
    }
  }
  return apart / largest;
}

function trial(parameters: TrapsTrial, { seed }: { readonly seed: number }): TrapsRow[] {
  const { trap, activation, bias } = parameters;
  if (trap === "norms") {
    const points = sphere(parameters.n, 3, seed, parameters.replica);
    return [{ ...measureRow(activation, { points }), homogeneity: norms(parameters, seed) }];
  }
  return [{ ...measureRow(activation, { points: pairPoints(parameters, seed), bias }), homogeneity: null }];
}

function figure(rows: readonly Stored[]): FigureSpec {
  const panel = (trap: "close" | "opposite", bias: BiasUse) => {
    const of = rows.filter((r) => r.trap === trap && r.bias === bias && r.angle > 0);
    const angles = [...new Set(of.map((r) => r.angle))].sort((a, b) => a - b);
    return lineWithBand({
      title: `${trap === "close" ? "a close pair" : "a nearly opposite pair"}${bias === "none" ? "" : ", with a trained bias"}`,
      xLabel: "angle (distance from 0 or pi)",
      yLabel: "smallest eigenvalue",
      xScale: "log",
      yScale: "log",
      points: activations.flatMap((series) =>
        angles.map((angle) =>
          medianPoint(
            series,
            angle,
            of.filter((r) => r.activation === series && r.angle === angle),
          ),
        ),
      ),
      published:
        bias === "none" && trap === "close"
          ? angles.map((angle) => ({ series: "relu", x: angle, y: angle / (2 * Math.PI) }))
          : [],
      dots: true,
    });
  };
  const scaled = rows.filter((r) => r.homogeneity !== null);
  return {
    title: "Traps in the data",
    caption: `${rows[0].n} points of the 2-sphere, one pair at a given angle; medians and range of the draws; open triangles: upper limits. Diamonds: angle / (2 pi), the bound for relu. G(s x) = s G(x) s holds to: ${scaled.map((r) => `${r.activation} ${r.homogeneity?.toExponential(0)}`).join(", ")}.`,
    panels: [
      panel("close", "none"),
      panel("close", "trained"),
      panel("opposite", "none"),
      panel("opposite", "trained"),
    ],
    columns: 2,
    publishedLabel: "angle / (2 pi)",
  };
}

export const traps: Experiment<TrapsTrial, TrapsRow> = experiment({
  id: "activations/traps",
  paper: "activations",
  source: "E11 (ours)",
  title: "Traps in the data",
  parameters: {
    trap: { type: "string", default: "close", doc: "kind of data", choices: ["close", "opposite", "norms"] },
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    angle: { type: "number", default: 0.1, doc: "of the pair", minimum: 0, maximum: 1 },
    bias: { type: "string", default: "none", doc: "bias of variance 1", choices: ["none", "fixed", "trained"] },
    n: { type: "integer", default: 20, doc: "points", minimum: 3, maximum: 500 },
    replica: { type: "integer", default: 0, doc: "draw of the points", minimum: 0 },
  },
  grid,
  trial,
  figure,
  claims: [],
});
