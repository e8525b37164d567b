/** One random deep network per replica: what the experiments of papers/bn-relu at initialization store of it. */

import { inputNamed } from "../../src/analysis/propagation/inputs.ts";
import { orders, residuals } from "../../src/analysis/propagation/network.ts";
import { meanRate } from "../../src/analysis/propagation/rate.ts";
import { measurePropagation, type PropagationRequest } from "../../src/analysis/propagation/report.ts";
import type { LayerRow } from "../../src/analysis/propagation/rows.ts";
import { topGradientNamed } from "../../src/analysis/propagation/top.ts";
import { mean } from "../../src/analysis/statistics.ts";
import { precision } from "../../src/formats/index.ts";
import type { Evaluation, Experiment, StoredRow, TrialContext } from "../../src/lab/experiment.ts";
import type { Point } from "../../src/lab/panels.ts";
import { normNamed } from "../../src/nn/norms.ts";

export interface NetworkTrial {
  readonly model: string;
  readonly depth: number;
  readonly width: number;
  readonly batch: number;
  readonly activation: string;
  /** "batch", "layer", "group:8", "rms", "none". */
  readonly norm: string;
  readonly order: (typeof orders)[number];
  readonly residual: (typeof residuals)[number];
  readonly renormalized: boolean;
  readonly input: string;
  readonly padding: "circular" | "zero";
  readonly eps: number;
  readonly gamma: number;
  readonly beta: number;
  readonly lastGamma: number;
  readonly format: string;
  readonly replicas: number;
  /** As --top of propagate; undefined: random, as in rows from before there was a choice. */
  readonly top?: string | undefined;
}

/** Lists have one number per block, rounded to six digits. */
export interface NetworkRow {
  readonly replica: number;
  /** Rates over the windows of papers/bn-relu E1. */
  readonly first: number | null;
  readonly middle: number | null;
  readonly last: number | null;
  readonly weights: number | null;
  readonly theory: number | null;
  readonly theoryError: number;
  readonly source: string;
  readonly kinds: readonly string[];
  readonly names: readonly string[];
  readonly gradient: readonly number[];
  readonly signal: readonly number[];
  readonly weightGradient: readonly (number | null)[];
  readonly ratio: readonly (number | null)[];
  readonly growth: readonly (number | null)[];
  readonly mask: readonly (number | null)[];
  readonly projection: readonly (number | null)[];
  readonly gain: readonly (number | null)[];
  readonly transport: readonly (number | null)[];
  readonly alignment: readonly (number | null)[];
  readonly cosine: readonly (number | null)[];
  readonly participation: readonly (number | null)[];
  readonly spread: readonly (number | null)[];
  readonly maxAbs: readonly number[];
  /** Statistics with variance 0, over all blocks. */
  readonly dead: number;
  /** Of architectures: factor of the squared gradient by the pools of each block (1 without), and strides. */
  readonly pool?: readonly number[];
  readonly stride?: readonly (number | null)[];
}

export type NetworkStored = StoredRow<NetworkTrial, NetworkRow>;

export const networkParameters: Experiment<NetworkTrial, NetworkRow>["parameters"] = {
  model: { type: "string", default: "mlp", doc: "mlp, conv or an architecture" },
  depth: { type: "integer", default: 50, doc: "blocks", minimum: 1, maximum: 1000 },
  width: { type: "integer", default: 256, doc: "units or channels", minimum: 1, maximum: 16_384 },
  batch: { type: "integer", default: 256, doc: "samples", minimum: 1, maximum: 16_384 },
  activation: { type: "string", default: "relu", doc: "name with parameters" },
  norm: { type: "string", default: "batch", doc: "batch, layer, group:G, rms or none" },
  order: { type: "string", default: "norm-act", doc: "within a block", choices: orders },
  residual: { type: "string", default: "none", doc: "kind of residual block", choices: residuals },
  renormalized: { type: "boolean", default: false, doc: "samples are scaled to mean square 1 after each block" },
  input: { type: "string", default: "gaussian", doc: "as --input of propagate" },
  padding: { type: "string", default: "circular", doc: "of convolutions", choices: ["circular", "zero"] },
  eps: { type: "number", default: 0, doc: "added to variances", minimum: 0 },
  gamma: { type: "number", default: 1, doc: "of all norms" },
  beta: { type: "number", default: 0, doc: "of all norms" },
  lastGamma: { type: "number", default: 1, doc: "factor on gamma of the last norm of each residual branch" },
  format: { type: "string", default: "float64", doc: "number format" },
  replicas: { type: "integer", default: 3, doc: "random networks", minimum: 1, maximum: 1000 },
  top: { type: "string", default: undefined, doc: "as --top of propagate (default: random)" },
};

const rounded = (x: number | null): number | null => (x === null ? null : Number(x.toPrecision(6)));

function requestOf(
  trial: NetworkTrial,
  context: Pick<TrialContext, "seed" | "backend" | "signal" | "images">,
): PropagationRequest {
  const { norm, eps, format, input, replicas, top, ...net } = trial;
  const spec = normNamed(norm, { eps });
  const inputs = inputNamed(input);
  return {
    ...net,
    ...(spec === undefined ? {} : { norm: spec }),
    ...(inputs.kind === "data" ? { images: context.images(inputs.name) } : {}),
    inputs,
    topGradient: topGradientNamed(top ?? "random"),
    precision: precision(format),
    backend: context.backend,
    signal: context.signal,
    seed: 1000 * context.seed,
    seeds: replicas,
  };
}

const listed = <K extends keyof LayerRow>(layers: readonly LayerRow[], name: K): LayerRow[K][] =>
  layers.map((row) => (typeof row[name] === "number" ? rounded(row[name]) : row[name]) as LayerRow[K]);

/** A network of equal blocks, without pools and strides. */
const isDeep = ({ model }: Pick<NetworkTrial, "model">): boolean => model === "mlp" || model === "conv";

/** One row per replica. */
export function networkTrial(trial: NetworkTrial, context: TrialContext): NetworkRow[] {
  const { runs, theory } = measurePropagation({
    ...requestOf(trial, context),
    progress: (done) => context.progress(done / trial.replicas),
  });
  return runs.map(({ layers, rate }, replica) => ({
    replica,
    ...rate,
    theory: theory.rate,
    theoryError: theory.error,
    source: theory.source,
    kinds: listed(layers, "kind"),
    names: listed(layers, "name"),
    gradient: listed(layers, "gradient"),
    signal: listed(layers, "signal"),
    weightGradient: listed(layers, "weightGradient"),
    ratio: listed(layers, "ratio"),
    growth: listed(layers, "growth"),
    mask: listed(layers, "mask"),
    projection: listed(layers, "projection"),
    gain: listed(layers, "gain"),
    transport: listed(layers, "transport"),
    alignment: listed(layers, "alignment"),
    cosine: listed(layers, "cosine"),
    participation: listed(layers, "participation"),
    spread: listed(layers, "spread"),
    maxAbs: listed(layers, "maxAbs"),
    dead: layers.reduce((sum, row) => sum + row.dead, 0),
    ...(isDeep(trial) ? {} : { pool: listed(layers, "other"), stride: listed(layers, "stride") }),
  }));
}

/** Multiply-adds of one replica, roughly. */
export function networkCost({ model, depth, width, batch, replicas, residual }: NetworkTrial): number {
  const layers = depth * (residual === "pre2" || residual === "post2" ? 2 : 1);
  const each =
    model === "mlp" ? width * width * batch : model === "conv" ? 64 * 9 * width * width * batch : 3e8 * batch;
  return (isDeep({ model }) ? layers : 1) * each * replicas;
}

/** Rates of dH over any window of a row. */
export function windowRate(row: NetworkRow, from: number, to: number): number | null {
  return meanRate(row.signal, [from, to]);
}

export interface MeanSd {
  readonly mean: number;
  /** Sample standard deviation; NaN of one value. */
  readonly sd: number;
  readonly n: number;
}

/** Geometric mean and standard deviation of rates that are known. */
export function meanSd(values: readonly (number | null)[]): MeanSd {
  const known = values.filter((value): value is number => value !== null);
  const n = known.length;
  const mean = Math.exp(known.reduce((sum, x) => sum + Math.log(x), 0) / n);
  const sd = Math.sqrt(known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
  return { mean, sd, n };
}

/** "1.2114 (.0018)". */
export function showRate({ mean, sd, n }: MeanSd): string {
  if (n === 0 || Number.isNaN(mean)) return "NaN";
  return Number.isNaN(sd) ? mean.toFixed(4) : `${mean.toFixed(4)} (${sd.toFixed(4).replace(/^0/, "")})`;
}

/** How many networks the first cell has: replicas of all seeds. */
export function networksPerCell(rows: readonly NetworkStored[]): number {
  const names = Object.keys(networkParameters) as (keyof NetworkTrial)[];
  return rows.filter((row) => names.every((name) => row[name] === rows[0][name])).length;
}

/** Rows whose parameters are as wanted. */
export function rowsWith<R extends object>(rows: readonly R[], wanted: Partial<R>): R[] {
  return rows.filter((row) => Object.entries(wanted).every(([name, value]) => row[name as keyof R] === value));
}

/** Acceptance of papers/bn-relu 7: within 3 standard deviations of the spread or .01, whichever is larger. */
export function accepts({ mean, sd }: MeanSd, expected: number): boolean {
  return Math.abs(mean - expected) <= Math.max(0.01, Number.isNaN(sd) ? 0 : 3 * sd);
}

/** A point of a figure: the mean with its standard deviation on both sides. */
export function ratePoint(series: string, x: number, values: readonly (number | null)[]): Point[] {
  const { mean, sd, n } = meanSd(values);
  if (n === 0 || !Number.isFinite(mean)) return [];
  return [Number.isNaN(sd) ? { series, x, y: mean } : { series, x, y: mean, low: mean - sd, high: mean + sd }];
}

/** One line per group of rows: the mean over replicas of a list, block by block. */
export function profile(series: string, rows: readonly NetworkRow[], list: ProfileName): Point[] {
  if (rows.length === 0) return [];
  return rows[0][list].flatMap((_, block) => {
    const values = rows.map((row) => row[list][block]).filter((value): value is number => value !== null);
    const y = mean(values);
    return values.length < rows.length || !Number.isFinite(y) ? [] : [{ series, x: block, y }];
  });
}

export type ProfileName =
  | "gradient"
  | "signal"
  | "weightGradient"
  | "ratio"
  | "growth"
  | "mask"
  | "projection"
  | "gain"
  | "transport"
  | "alignment"
  | "cosine"
  | "participation"
  | "spread";

/** Geometric mean of a list over inner blocks 1 .. L - 2 and replicas. */
export function innerMean(rows: readonly NetworkRow[], list: ProfileName): number {
  return meanSd(rows.flatMap((row) => row[list].slice(1, -1))).mean;
}

/** What the experiments share beside grid, figure and claims. */
export const networkExperiment: Pick<
  Experiment<NetworkTrial, NetworkRow>,
  "paper" | "parameters" | "cost" | "trial"
> = {
  paper: "bn-relu",
  parameters: networkParameters,
  cost: networkCost,
  trial: networkTrial,
};

export const cellsMissing: Evaluation = { verdict: "undecided", ours: "cells are missing", rows: 0 };
