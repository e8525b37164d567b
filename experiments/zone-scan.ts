/** The trial that experiments on real networks share: one random network scanned over a data set, kinks compared. */

import { keptMeter, ZoneMeter } from "../src/analysis/zone/meter.ts";
import { cellOf, sampleOf, type ZoneParameters } from "../src/analysis/zone/parameters.ts";
import type { LayerCount, Scan } from "../src/analysis/zone/scan.ts";
import type { Claim, Experiment, StoredRow, TrialContext } from "../src/lab/experiment.ts";
import { canonicalJson } from "../src/lab/json.ts";
import { networkNamed } from "../src/nn/architectures/index.ts";

/** What decides the numbers of one network's scan, as plain data. */
export interface ScanTrial {
  readonly model: string;
  readonly data: string;
  readonly format: string;
  readonly accumulate: string;
  readonly bias: string;
  /** `maxpool.tie=first,even`; several kinks are separated by `;`. */
  readonly kinks: string;
  readonly variant: "product" | "overwrite";
  readonly batch: number;
  /** Mini-batches scanned; 0: all of the data set. */
  readonly batches: number;
  readonly init: string;
  readonly draw: "float32" | "format";
  readonly normalisation: string;
  readonly augmentation: string;
  readonly shuffle: boolean;
  readonly lossScale: number;
  readonly all: boolean;
  readonly noise: number;
  readonly exact: number;
  readonly replay: number;
  /** Networks per cell; 0 takes the scale's own numbers. */
  readonly inits: number;
  /** Which network. */
  readonly network: number;
}

/** What is stored of a scan, the same on every machine. Entries of the lists in `hits` belong to differing mini-batches. */
export interface ScanStored {
  readonly dataVariant: string;
  readonly scannedBatches: number;
  readonly scannedSamples: number;
  readonly firstHit: number | null;
  readonly firstHitFirstLayer: number | null;
  readonly occur: number;
  readonly reaching: number;
  readonly variantsDisagree: number;
  readonly hitBatch: readonly number[];
  readonly hitL1: readonly number[];
  readonly hitLinf: readonly number[];
  readonly hitL2: readonly (number | null)[];
  /** L2 change of the first layer's weight gradient. */
  readonly hitChange: readonly (number | null)[];
  readonly hitReached: readonly number[];
  /** The exact judge; null where it was not asked or could not decide. */
  readonly hitBifurcates: readonly (boolean | null)[];
  readonly hitExactLinf: readonly (number | null)[];
  readonly noiseL1: readonly number[];
  readonly noiseLinf: readonly number[];
  readonly layers: readonly LayerCount[];
  readonly nan: readonly number[];
  readonly underflow: readonly number[];
  readonly underflowFloat64: readonly number[];
}

export type ScanRow = StoredRow<ScanTrial, ScanStored>;

export const scanParameters: Experiment<ScanTrial, ScanStored>["parameters"] = {
  model: { type: "string", default: "vgg11", doc: "the network" },
  data: { type: "string", default: "cifar10", doc: "data set" },
  format: { type: "string", default: "float32", doc: "number format of every value" },
  accumulate: { type: "string", default: "auto", doc: "format of sums; auto is the wider of float32 and the format" },
  bias: { type: "string", default: "once", doc: "once or rounded", choices: ["once", "rounded"] },
  kinks: { type: "string", default: "maxpool.tie=first,even", doc: "kinks and the choices compared, separated by ;" },
  variant: { type: "string", default: "product", doc: "backward pass that decides", choices: ["product", "overwrite"] },
  batch: { type: "integer", default: 128, doc: "mini-batch size", minimum: 1 },
  batches: { type: "integer", default: 0, doc: "mini-batches scanned; 0: all", minimum: 0 },
  init: { type: "string", default: "maxpool", doc: "law of the initial weights" },
  draw: {
    type: "string",
    default: "float32",
    doc: "draw in float32 and cast, or in the format",
    choices: ["float32", "format"],
  },
  normalisation: {
    type: "string",
    default: "usual",
    doc: "how pixels become inputs; usual: as the data set's papers do",
  },
  augmentation: { type: "string", default: "none", doc: "random changes of the images" },
  shuffle: { type: "boolean", default: false, doc: "another order for every network" },
  lossScale: { type: "number", default: 1, doc: "power of two that multiplies the loss" },
  all: { type: "boolean", default: true, doc: "scan on after the first hit" },
  noise: { type: "integer", default: 0, doc: "mini-batches whose noise is measured", minimum: 0 },
  exact: { type: "integer", default: 40, doc: "differing mini-batches that the exact judge looks at", minimum: 0 },
  replay: { type: "integer", default: 0, doc: "mini-batches whose forward is repeated in float64", minimum: 0 },
  inits: {
    type: "integer",
    default: 0,
    doc: "networks per cell; 0: the scale's own numbers",
    minimum: 0,
    gridOnly: true,
  },
  network: { type: "integer", default: 0, doc: "number of the network", minimum: 0 },
};

/** Parameters of the analysis; the samples of `count` images. */
function zoneParametersOf(trial: ScanTrial, seed: number, count: number): ZoneParameters {
  const { batch, batches, normalisation, accumulate, kinks } = trial;
  return {
    ...trial,
    kinks: kinks.split(";"),
    samples: batches === 0 ? count : Math.min(count, batch * batches),
    normalisation: normalisation === "usual" ? undefined : normalisation,
    accumulate: accumulate === "auto" ? undefined : accumulate,
    seed,
  };
}

function meterOf(trial: ScanTrial, context: TrialContext): { readonly meter: ZoneMeter; readonly variant: string } {
  const images = context.images(trial.data);
  const key = canonicalJson({ ...trial, network: 0, seed: context.seed });
  const make = (): ZoneMeter =>
    new ZoneMeter(
      images,
      cellOf(zoneParametersOf(trial, context.seed, images.count), sampleOf(images)),
      context.backend,
    );
  return { meter: keptMeter(key, make), variant: images.variant };
}

function storedOf(scan: Scan, dataVariant: string): ScanStored {
  const { hits, noise } = scan;
  return {
    dataVariant,
    scannedBatches: scan.batches,
    scannedSamples: scan.scanned,
    firstHit: scan.firstHit,
    firstHitFirstLayer: scan.firstHitFirstLayer,
    occur: scan.occur,
    reaching: scan.reaching,
    variantsDisagree: scan.variantsDisagree,
    hitBatch: hits.map(({ batch }) => batch),
    hitL1: hits.map(({ d }) => d.l1),
    hitLinf: hits.map(({ d }) => d.linf),
    hitL2: hits.map(({ d }) => d.l2),
    hitChange: hits.map(({ product }) => product.l2),
    hitReached: hits.map(({ reached }) => reached),
    hitBifurcates: hits.map(({ bifurcates }) => bifurcates),
    hitExactLinf: hits.map(({ exact }) => exact?.linf ?? null),
    noiseL1: noise.map(({ l1 }) => l1),
    noiseLinf: noise.map(({ linf }) => linf),
    layers: scan.layers,
    nan: scan.nan,
    underflow: scan.underflow,
    underflowFloat64: scan.underflowFloat64,
  };
}

function trial(parameters: ScanTrial, context: TrialContext): readonly ScanStored[] {
  const { meter, variant } = meterOf(parameters, context);
  const scan = meter.scan(parameters.network, () => context.signal.aborted, context.progress);
  context.signal.throwIfAborted();
  return [storedOf(scan, variant)];
}

/** Multiply-adds of a full scan. Networks that are not known yet fail in the trial, with their name. */
function cost({ model, batch, batches, format }: ScanTrial): number {
  return networkNamed(model).work * batch * (batches || 400) * (format === "float64" ? 2 : 1);
}

/** A cell repeated for networks 0 .. count-1. */
export function draws(cell: Partial<ScanTrial>, count: number): Partial<ScanTrial>[] {
  return Array.from({ length: count }, (_, network) => ({ ...cell, network }));
}

/** What the experiments share. */
export const scanMeasurement: Pick<Experiment<ScanTrial, ScanStored>, "parameters" | "data" | "cost" | "trial"> = {
  parameters: scanParameters,
  data: ({ data }) => [{ name: data, split: "train" }],
  cost,
  trial,
};

type ScanParameters = Experiment<ScanTrial, ScanStored>["parameters"];

/** What no cell of a grid sets. */
const fixed = [
  "data",
  "accumulate",
  "bias",
  "kinks",
  "variant",
  "init",
  "normalisation",
  "augmentation",
  "shuffle",
] as const;

/**
 * The rows measured as the experiment's own grid does: networks, sizes and formats are free, the rest has the
 * experiment's default and the loss is not scaled. Another init, other kinks, the other variant are another measurement.
 */
export function plannedRows(parameters: ScanParameters, rows: readonly ScanRow[]): ScanRow[] {
  return rows.filter((row) => row.lossScale === 1 && fixed.every((name) => row[name] === parameters[name].default));
}

/** The claim, judged on planned rows only. */
export function onPlannedRows(
  parameters: ScanParameters,
  claim: Claim<ScanTrial, ScanStored>,
): Claim<ScanTrial, ScanStored> {
  return { ...claim, evaluate: (rows) => claim.evaluate(plannedRows(parameters, rows)) };
}

/** Mini-batches above a threshold in the L-infinity sum, out of those scanned, over some rows. */
export function above(
  rows: readonly ScanRow[],
  tau: number,
): { readonly hits: number; readonly batches: number; readonly share: number } {
  const hits = rows.reduce((n, row) => n + row.hitLinf.filter((d) => d > tau).length, 0);
  const batches = rows.reduce((n, row) => n + row.scannedBatches, 0);
  return { hits, batches, share: hits / batches };
}

/** How often the threshold and the exact judge agree on differing mini-batches that both judged. */
export function agreement(
  rows: readonly ScanRow[],
  tau: number,
): { readonly agree: number; readonly judged: number; readonly bifurcations: number } {
  const pairs = rows.flatMap((row) => row.hitBifurcates.map((exact, i) => ({ exact, above: row.hitLinf[i] > tau })));
  const judged = pairs.filter(({ exact }) => exact !== null);
  return {
    agree: judged.filter(({ exact, above: isAbove }) => exact === isAbove).length,
    judged: judged.length,
    bifurcations: judged.filter(({ exact }) => exact === true).length,
  };
}
