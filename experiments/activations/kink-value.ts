/** E9: the value of ReLU'(0) in the Gram matrix: exact Rademacher weights, presets, rounded weights, and training. */
import { activationNamed } from "../../src/analysis/spectra/activations.ts";
import { eigenvalues } from "../../src/analysis/spectra/eigenvalues.ts";
import { hypercube, type Points, row, sphere } from "../../src/analysis/spectra/points.ts";
import { roundedLayer } from "../../src/analysis/spectra/rounded.ts";
import { allSigns, gaussianWeights } from "../../src/analysis/spectra/weights.ts";
import { type WidthGram, widthGram } from "../../src/analysis/spectra/width.ts";
import { stream } from "../../src/base/random.ts";
import { convention, presets } from "../../src/conventions/index.ts";
import { formatNamed } from "../../src/formats/index.ts";
import {
  type Claim,
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
  type TrialContext,
} from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { barPanel, lineWithBand } from "../../src/lab/panels.ts";
import { trainingRow } from "./training-trial.ts";

interface KinkTrial {
  /** signs: all Rademacher weights; rounded: Gaussian weights and points in a format; training: loss under alpha. */
  readonly part: "signs" | "rounded" | "training";
  readonly d: number;
  readonly alpha: number;
  /** A preset whose choice replaces alpha; "" for none. */
  readonly preset: string;
  readonly format: string;
  readonly replica: number;
}

interface KinkRow {
  /** The choice in force. */
  readonly value: number;
  /** Share of pre-activations exactly at 0. */
  readonly zeroShare: number;
  readonly lambdaMin: number;
  readonly floor: number;
  readonly lambdaMax: number;
  readonly eigenvalues: readonly number[];
  /** Largest entry of H_alpha - H_0 - rho (alpha p0 - alpha (1 - alpha) q), q from alpha = 1/2; null where not computed. */
  readonly identity: number | null;
  readonly loss: number | null;
}
type Stored = StoredRow<KinkTrial, KinkRow>;

const relu = activationNamed("relu");
const alphas = [-1, 0, 0.5, 1, 2];

function grid(scale: Scale): Partial<KinkTrial>[] {
  const ds = scale === "quick" ? [4] : scale === "minimal" ? [4, 6, 8, 10] : [4, 6, 8, 10, 12, 14, 16];
  const signs = ds.flatMap((d) => alphas.map((alpha) => ({ part: "signs" as const, d, alpha })));
  const named = presets.flatMap((preset) =>
    typeof preset.entries["relu.zero"]?.choice === "number"
      ? [{ part: "signs" as const, d: 4, preset: preset.name }]
      : [],
  );
  const formats =
    scale === "quick" ? ["float8_e4m3"] : ["float32", "float16", "bfloat16", "float8_e4m3", "float8_e5m2"];
  const replicas = scale === "quick" ? [0] : [0, 1, 2];
  const rounded = formats.flatMap((format) =>
    (scale === "quick" ? [2] : [2, 10, 64]).flatMap((d) =>
      [0, 0.5, 1].flatMap((alpha) =>
        replicas.map((replica) => ({ part: "rounded" as const, d, alpha, format, replica })),
      ),
    ),
  );
  const trained = [0, 1].flatMap((alpha) =>
    (scale === "quick" ? ["float8_e4m3"] : ["float64", "float16", "float8_e4m3", "float8_e5m2"]).map((format) => ({
      ...{ part: "training" as const, d: 2, alpha, format },
    })),
  );
  return [...signs, ...named, ...rounded, ...trained];
}

/** Up to 64 of the points, a random subset. */
function cube(d: number, seed: number): Points {
  const all = hypercube(d);
  if (all.n <= 64) return all;
  const chosen = stream(seed, `activations/cube/${d}`).permutation(all.n).slice(0, 64);
  const rows = new Float64Array(64 * d);
  chosen.forEach((i, k) => {
    rows.set(row(all, i), k * d);
  });
  return { ...all, n: 64, rows };
}

const under = (alpha: number) => ({ convention: convention("pytorch-1.13", { "relu.zero": alpha }) });

function signs(d: number, alpha: number, seed: number): KinkRow {
  const points = cube(d, seed);
  // The weights see entries of -1 and 1: with +-1 / sqrt d rounded, sums that are 0 would not be. relu' does not mind the scale.
  const seen = { ...points, rows: points.rows.map(Math.sign), raw: true };
  const layer = { activation: relu, points: seen, factors: points, weights: allSigns(d) };
  const gram = (value: number): WidthGram => widthGram(layer, under(value));
  const [own, zero, half] = [gram(alpha), gram(0), gram(0.5)];
  const p0 = own.zeroShare;
  let identity = 0;
  for (let i = 0; i < points.n ** 2; i++) {
    const [x, y] = [row(points, Math.floor(i / points.n)), row(points, i % points.n)];
    let rho = 0;
    for (let k = 0; k < d; k++) rho += x[k] * y[k];
    // rho q from alpha = 1/2: H_0.5 = H_0 + rho p0 / 2 - rho q / 4.
    const overlap = 4 * (zero.high[i] + (rho * p0) / 2 - half.high[i]);
    const predicted = zero.high[i] + alpha * rho * p0 - alpha * (1 - alpha) * overlap;
    identity = Math.max(identity, Math.abs(own.high[i] - predicted));
  }
  return { ...summary(own, alpha), identity };
}

function summary(gram: WidthGram, value: number): Omit<KinkRow, "identity"> {
  const { values, errors } = eigenvalues(gram);
  const n = values.length;
  return {
    value,
    zeroShare: gram.zeroShare,
    lambdaMin: values[0],
    floor: errors[0],
    lambdaMax: values[n - 1],
    eigenvalues: n > 16 ? [] : Array.from(values, (x) => Number(x.toPrecision(8))),
    loss: null,
  };
}

function rounded({ d, alpha, format, replica }: KinkTrial, { seed, signal }: TrialContext): KinkRow {
  const layer = {
    activation: relu,
    points: sphere(50, d, seed, replica),
    weights: gaussianWeights(20_000, d, seed, replica),
  };
  const { layer: low } = roundedLayer(layer, "W", { format: formatNamed(format) });
  return { ...summary(widthGram(low, { ...under(alpha), signal }), alpha), identity: null };
}

/** The E2 set-up on rounded points; the loss ratio after 300 steps. */
function trained({ alpha, format, replica }: KinkTrial, context: TrialContext): KinkRow {
  const points = sphere(10, 2, context.seed, replica);
  const { layer } = roundedLayer({ activation: relu, points, weights: gaussianWeights(1, 2) }, "W", {
    format: formatNamed(format),
  });
  const targets = Float64Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 1 : -1));
  const { lastRatio, lambdaMin, lambdaMax } = trainingRow(
    layer.points,
    targets,
    { activation: "relu", width: 4096, step: "largest", eta: 0, steps: 300, replica, weightFormat: format, alpha },
    context,
  );
  return {
    value: alpha,
    zeroShare: Number.NaN,
    lambdaMin,
    floor: 0,
    lambdaMax,
    eigenvalues: [],
    identity: null,
    loss: lastRatio,
  };
}

function trial(parameters: KinkTrial, context: TrialContext): KinkRow[] {
  const { part, d, alpha, preset } = parameters;
  if (part === "rounded") return [rounded(parameters, context)];
  if (part === "training") return [trained(parameters, context)];
  const named = preset === "" ? undefined : presets.find(({ name }) => name === preset)?.entries["relu.zero"]?.choice;
  return [signs(d, typeof named === "number" ? named : alpha, context.seed)];
}

const find = (rows: readonly Stored[], d: number, alpha: number): Stored | undefined =>
  rows.find((r) => r.part === "signs" && r.preset === "" && r.d === d && r.alpha === alpha);

const claim: Claim<KinkTrial, KinkRow> = {
  id: "activations/C11",
  statement:
    "ReLU'(0) does not change the spectrum with Gaussian weights in 32 bits or more, but does with quantized weights",
  published: "ours: Rademacher weights, d = 4: lambda_min 1/8, 1/32, 1/8 for alpha 0, 1/2, 1",
  rule: "d = 4: 1/8, 1/32, 1/8 to 1e-12; the identity H_alpha = H_0 + rho (alpha p0 - alpha (1 - alpha) q) to 1e-12 in every cell; float32 weights: no zero among 3 x 10^6 pre-activations per dimension and equal lambda_min for alpha 0, 1/2, 1; float8_e4m3, d = 2: zeros, and lambda_min or lambda_max moves",
  evaluate(rows) {
    const four = [0, 0.5, 1].map((alpha) => find(rows, 4, alpha));
    const single = rows.filter((r) => r.part === "rounded" && r.format === "float32");
    const quarter = rows.filter((r) => r.part === "rounded" && r.format === "float8_e4m3" && r.d === 2);
    if (four.some((r) => r === undefined) || single.length < 27 || quarter.length < 9)
      return { verdict: "undecided", ours: "cells are missing" };
    const exact = (four as Stored[]).every((r, i) => Math.abs(r.lambdaMin - [1 / 8, 1 / 32, 1 / 8][i]) < 1e-12);
    const identity = rows.every((r) => r.identity === null || r.identity < 1e-12);
    const same = (cell: readonly Stored[]): boolean =>
      cell.every((r) => {
        const other = cell.find((o) => o.d === r.d && o.replica === r.replica && o.alpha === 0) as Stored;
        return r.lambdaMin === other.lambdaMin && r.lambdaMax === other.lambdaMax;
      });
    const calm = single.every((r) => r.zeroShare === 0) && same(single);
    const moved = quarter.every((r) => r.zeroShare > 0) && !same(quarter);
    const ours = `d = 4: ${(four as Stored[]).map((r) => r.lambdaMin.toFixed(5)).join(", ")}; zeros at d = 2: float32 ${single[0].zeroShare}, float8_e4m3 ${quarter[0].zeroShare.toExponential(1)}; identity to ${Math.max(...rows.map((r) => r.identity ?? 0)).toExponential(0)}`;
    return { verdict: exact && identity && calm && moved ? "holds" : "fails", ours };
  },
};

function figure(rows: readonly Stored[]): FigureSpec {
  const signRows = rows.filter((r) => r.part === "signs" && r.preset === "");
  const all = [...new Set(signRows.map((r) => r.d))];
  // The least and the greatest: more would need more colors than there are.
  const ds = all.length > 2 ? [all[0], all[all.length - 1]] : all;
  const zeroRows = rows.filter((r) => r.part === "rounded" && r.alpha === 0 && r.replica === 0);
  return {
    title: "ReLU'(0) in the Gram matrix",
    caption:
      "Left: all 2^d Rademacher weights, points of the hypercube (at most 64). Right: weights and points rounded, share of pre-activations exactly 0 among 10^6; formats without a point have none.",
    panels: [
      lineWithBand({
        title: "smallest eigenvalue, Rademacher weights",
        xLabel: "alpha = relu'(0)",
        yLabel: "smallest eigenvalue",
        points: ds.flatMap((d) =>
          alphas.flatMap((alpha) => {
            const found = find(rows, d, alpha);
            return found === undefined ? [] : [{ series: `d = ${d}`, x: alpha, y: found.lambdaMin }];
          }),
        ),
        dots: true,
      }),
      barPanel({
        title: "exact zeros, rounded Gaussian weights",
        xLabel: "dimension",
        yLabel: "log10 of the share, plus 7",
        bars: zeroRows.map((r) => ({
          x: r.d,
          series: r.format,
          value: r.zeroShare === 0 ? 0 : Math.log10(r.zeroShare) + 7,
        })),
      }),
    ],
    columns: 2,
  };
}

export const kinkValue: Experiment<KinkTrial, KinkRow> = experiment({
  id: "activations/kink-value",
  paper: "activations",
  source: "E9 (ours)",
  title: "The value of ReLU'(0) in the Gram matrix",
  parameters: {
    part: { type: "string", default: "signs", doc: "what is measured", choices: ["signs", "rounded", "training"] },
    d: { type: "integer", default: 4, doc: "dimension", minimum: 2, maximum: 64 },
    alpha: { type: "number", default: 0, doc: "relu'(0)" },
    preset: { type: "string", default: "", doc: "preset whose relu'(0) replaces alpha" },
    format: { type: "string", default: "float64", doc: "format of weights and points" },
    replica: { type: "integer", default: 0, doc: "draw", minimum: 0 },
  },
  grid,
  cost: ({ part, d }) => (part === "signs" ? 2 ** d : part === "training" ? 3e6 : 3e5 * d),
  trial,
  figure,
  claims: [claim],
});
