/** From scans of many networks to one row: counts, shares with their intervals, medians. */
import { clopperPearson, hoeffding, median } from "../statistics.ts";
import type { ZoneCell } from "./cell.ts";
import type { Scan } from "./scan.ts";

/** One line of the answer; the field names are those of the command line. Shares lie in [0, 1]. */
export interface ZoneRow {
  readonly format: string;
  readonly operands: string;
  readonly accumulate: string;
  readonly block: number;
  readonly bias: string;
  readonly arithmetic: string;
  readonly rounding: string;
  readonly flush: boolean;
  readonly variant: string;
  readonly model: string;
  readonly batch: number;
  readonly init: string;
  readonly draw: string;
  readonly lossScale: number;
  readonly seed: number;
  readonly inits: number;
  /** Networks with a mini-batch whose gradient differs, in any parameter; and in the first layer's weights. */
  readonly hit: number;
  readonly hitFirstLayer: number;
  /** hit / inits with its Clopper-Pearson interval (95 %) and the paper's Hoeffding half-width; null if undecided. */
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly eps: number;
  readonly batches: number;
  readonly batchesOccur: number;
  readonly batchesDiffer: number;
  readonly batchesBifurcate: number;
  readonly batchesHit: number;
  /** Samples scanned, all networks together. */
  readonly samples: number;
  readonly zeros: readonly number[];
  readonly structuralZeros: readonly number[];
  readonly nan: readonly number[];
  readonly underflow: readonly number[];
  readonly underflowFloat64: readonly number[];
  /** L2 change of the first layer's weight gradient relative to the kept choice, over hit mini-batches. */
  readonly relativeChange: { readonly median: number | null; readonly max: number | null };
  readonly relativeChangeOverwrite: { readonly median: number | null; readonly max: number | null };
  readonly variantsDisagree: number;
  /** The threshold judge of ties; scalar kinks have none. */
  readonly tau: null;
  readonly norm: null;
  readonly verdict: "measured" | "undecided";
  readonly seconds: number;
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function columns(scans: readonly Scan[], of: (scan: Scan) => readonly number[]): number[] {
  return (scans.length === 0 ? [] : of(scans[0])).map((_, column) => total(scans.map((scan) => of(scan)[column])));
}

function shares(scans: readonly Scan[], of: (scan: Scan) => readonly number[]): number[] {
  const elements = columns(scans, (scan) => scan.elements);
  return columns(scans, of).map((count, layer) => (elements[layer] === 0 ? 0 : count / elements[layer]));
}

function means(scans: readonly Scan[], of: (scan: Scan) => readonly number[]): number[] {
  return columns(scans, of).map((sum) => sum / scans.length);
}

function relative(scans: readonly Scan[], variant: "product" | "overwrite"): ZoneRow["relativeChange"] {
  const changes = scans
    .flatMap((scan) => scan.hits)
    .map((hit) => hit[variant].l2)
    .filter((change) => change !== null);
  if (changes.length === 0) return { median: null, max: null };
  return { median: median(changes), max: Math.max(...changes) };
}

/** Summarises the scans of one cell: `scans.length` is the number of networks. */
export function zoneRow(cell: ZoneCell, scans: readonly Scan[]): ZoneRow {
  const { precision } = cell;
  const hit = scans.filter((scan) => scan.hits.length > 0).length;
  const dead =
    scans.length > 0 && scans.every((scan) => scan.hits.length === 0 && scan.underflow.every((u) => u === 1));
  const interval = clopperPearson(hit, scans.length);
  const differ = total(scans.map((scan) => scan.hits.length));
  return {
    format: precision.store.name,
    operands: precision.operands.name,
    accumulate: precision.accumulate.name,
    block: precision.block,
    bias: precision.bias,
    arithmetic: precision.arithmetic,
    rounding: precision.rounding,
    flush: precision.flush,
    variant: cell.variant,
    model: cell.mlp.name,
    batch: cell.batch,
    init: cell.init,
    draw: cell.draw,
    lossScale: cell.lossScale,
    seed: cell.seed,
    inits: scans.length,
    hit,
    hitFirstLayer: scans.filter((scan) => scan.hits.some((h) => h.firstLayer)).length,
    share: dead ? null : hit / scans.length,
    low: dead ? null : interval.low,
    high: dead ? null : interval.high,
    eps: hoeffding(scans.length),
    batches: total(scans.map((scan) => scan.batches)),
    batchesOccur: total(scans.map((scan) => scan.occur)),
    batchesDiffer: differ,
    batchesBifurcate: total(scans.map((scan) => scan.hits.filter((h) => h.bifurcates).length)),
    batchesHit: differ,
    samples: total(scans.map((scan) => scan.scanned)),
    zeros: shares(scans, (scan) => scan.zeros),
    structuralZeros: shares(scans, (scan) => scan.structuralZeros),
    nan: shares(scans, (scan) => scan.nan),
    underflow: means(scans, (scan) => scan.underflow),
    underflowFloat64: means(scans, (scan) => scan.underflowFloat64),
    relativeChange: relative(scans, "product"),
    relativeChangeOverwrite: relative(scans, "overwrite"),
    variantsDisagree: total(scans.map((scan) => scan.variantsDisagree)),
    tau: null,
    norm: null,
    verdict: dead ? "undecided" : "measured",
    seconds: total(scans.map((scan) => scan.seconds)),
  };
}
