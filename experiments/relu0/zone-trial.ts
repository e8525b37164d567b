/** The trial that E2, E3 and E13 share: one random network scanned over MNIST in one precision. */

import type { Distance } from "../../src/analysis/zone/difference.ts";
import type { Change, Hit } from "../../src/analysis/zone/hit.ts";
import { keptMeter, ZoneMeter } from "../../src/analysis/zone/meter.ts";
import { cellOf } from "../../src/analysis/zone/parameters.ts";
import type { Scan } from "../../src/analysis/zone/scan.ts";
import type { Experiment, StoredRow, TrialContext } from "../../src/lab/experiment.ts";
import { canonicalJson } from "../../src/lab/json.ts";
import { mlpNamed } from "../../src/nn/architecture.ts";
import { mlpNetwork } from "../../src/nn/mlp.ts";
import { parameterCount } from "../../src/nn/network.ts";

/** What decides the numbers of one network's scan, as plain data. */
export interface ZoneTrial {
  readonly model: string;
  readonly format: string;
  readonly operands: string;
  readonly accumulate: string;
  readonly arithmetic: string;
  readonly block: number;
  readonly bias: string;
  readonly rounding: string;
  readonly flush: boolean;
  readonly batch: number;
  readonly samples: number;
  readonly lossScale: number;
  readonly variant: "product" | "overwrite";
  readonly init: string;
  readonly draw: "float32" | "format";
  readonly all: boolean;
  /** Networks per cell; 0 takes the scale's own numbers. */
  readonly inits: number;
  /** Which network. */
  readonly network: number;
}

/** A hit as the rows of papers/relu0 store it. */
export interface StoredHit {
  readonly batch: number;
  readonly firstLayer: boolean;
  readonly bifurcates: boolean | null;
  readonly product: Change;
  readonly overwrite: Change;
}

type StoredColumn =
  | "batches"
  | "scanned"
  | "firstHit"
  | "firstHitFirstLayer"
  | "occur"
  | "variantsDisagree"
  | "zeros"
  | "structuralZeros"
  | "nan"
  | "elements"
  | "underflow"
  | "underflowFloat64";

/** The part of a scan that is stored, the same on every machine. */
export interface ScanRecord extends Pick<Scan, StoredColumn> {
  readonly hits: readonly StoredHit[];
}

function recordOf(scan: Scan): ScanRecord {
  const { batches, scanned, firstHit, firstHitFirstLayer, occur, variantsDisagree, hits } = scan;
  const { zeros, structuralZeros, nan, elements, underflow, underflowFloat64 } = scan;
  const stored = hits.map(({ batch, firstLayer, bifurcates, product, overwrite }): StoredHit => {
    if (overwrite === null) throw new Error("ReLU'(0) was compared without its overwrite variant");
    return { batch, firstLayer, bifurcates, product, overwrite };
  });
  const counts = { batches, scanned, firstHit, firstHitFirstLayer, occur, variantsDisagree, hits: stored };
  return { ...counts, zeros, structuralZeros, nan, elements, underflow, underflowFloat64 };
}

const notStored: Distance = { l1: Number.NaN, linf: Number.NaN, l2: null };

/** A stored scan as the analysis summarises it; what is not stored is unknown. */
export function scanOf(record: ScanRecord): Scan {
  const hits = record.hits.map((hit): Hit => ({ ...hit, reached: 0, d: notStored, exact: null }));
  return { ...record, hits, reaching: record.occur, layers: [], noise: [], seconds: 0 };
}

export type ZoneStored = StoredRow<ZoneTrial, ScanRecord>;

export const zoneParameters: Experiment<ZoneTrial, ScanRecord>["parameters"] = {
  model: { type: "string", default: "784-256x3-10", doc: "layer sizes; suffix :no-first-relu for flaw F4's net" },
  format: { type: "string", default: "float32", doc: "number format of every value" },
  operands: { type: "string", default: "store", doc: "format of the operands of contractions" },
  accumulate: { type: "string", default: "auto", doc: "format of sums; auto is the wider of float32 and the format" },
  arithmetic: { type: "string", default: "strict", doc: "strict or fused", choices: ["strict", "fused"] },
  block: { type: "number", default: 256, doc: "block length of sums; Infinity is one chain", minimum: 1 },
  bias: { type: "string", default: "once", doc: "once or rounded", choices: ["once", "rounded"] },
  rounding: { type: "string", default: "nearest", doc: "rounding mode of results" },
  flush: { type: "boolean", default: false, doc: "flush subnormals to zero" },
  batch: { type: "integer", default: 256, doc: "mini-batch size", minimum: 1 },
  samples: { type: "integer", default: 60_000, doc: "first samples of the training set", minimum: 1 },
  lossScale: { type: "number", default: 1, doc: "power of two that multiplies the loss" },
  variant: {
    type: "string",
    default: "product",
    doc: "backward pass that decides a hit; both are measured",
    choices: ["product", "overwrite"],
  },
  init: { type: "string", default: "default", doc: "law of the initial weights" },
  draw: {
    type: "string",
    default: "float32",
    doc: "draw in float32 and cast, or in the format",
    choices: ["float32", "format"],
  },
  all: { type: "boolean", default: false, doc: "scan on after the first hit" },
  inits: {
    type: "integer",
    default: 0,
    doc: "networks per cell; 0: the scale's own numbers",
    minimum: 0,
    gridOnly: true,
  },
  network: { type: "integer", default: 0, doc: "number of the network", minimum: 0 },
};

/** The parameters of the analysis behind those of the trial. */
export function zoneParametersOf(trial: ZoneTrial, seed: number): Parameters<typeof cellOf>[0] {
  return {
    ...trial,
    operands: trial.operands === "store" ? undefined : trial.operands,
    accumulate: trial.accumulate === "auto" ? undefined : trial.accumulate,
    seed,
  };
}

function meterOf(trial: ZoneTrial, context: TrialContext): ZoneMeter {
  const key = canonicalJson({ ...trial, network: 0, seed: context.seed });
  return keptMeter(key, () => new ZoneMeter(context.data("mnist"), cellOf(zoneParametersOf(trial, context.seed))));
}

function zoneTrial(trial: ZoneTrial, context: TrialContext): readonly ScanRecord[] {
  const scan = meterOf(trial, context).scan(trial.network, () => context.signal.aborted);
  context.signal.throwIfAborted();
  return [recordOf(scan)];
}

/** Multiply-adds of a full scan: full scans of float64 take twice as long. */
function zoneCost({ model, samples, format }: ZoneTrial): number {
  return parameterCount(mlpNetwork(mlpNamed(model))) * samples * (format === "float64" ? 2 : 1);
}

/** A cell repeated for networks 0 .. count-1. */
export function networks(cell: Partial<ZoneTrial>, count: number): Partial<ZoneTrial>[] {
  return Array.from({ length: count }, (_, network) => ({ ...cell, network }));
}

/** What E2, E3 and E13 measure alike. */
export const zoneMeasurement: Pick<Experiment<ZoneTrial, ScanRecord>, "data" | "cost" | "trial"> = {
  data: () => [{ name: "mnist", split: "train" }],
  cost: zoneCost,
  trial: zoneTrial,
};

/** Parameters of experiments that scan on after the first hit. */
export const scanAllParameters: typeof zoneParameters = {
  ...zoneParameters,
  all: { ...zoneParameters.all, default: true },
};
