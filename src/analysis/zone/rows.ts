/** From scans of many networks to one row: counts, shares with their intervals, medians. */
import { clopperPearson, hoeffding, median } from "../statistics.ts";
import type { ZoneCell } from "./cell.ts";
import { showSetting } from "./comparison.ts";
import type { Change, Hit } from "./hit.ts";
import { isHit, type LayerCount, type Scan } from "./scan.ts";
import { type Estimate, estimateTau } from "./threshold.ts";

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
  /** `relu.zero=0,1` */
  readonly kinks: readonly string[];
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
  /** With an element on a kink that may reach a parameter: only these needed a second backward pass. */
  readonly batchesReaching: number;
  readonly batchesDiffer: number;
  /** By the exact judge, out of `batchesJudged`; by the threshold. */
  readonly batchesBifurcate: number;
  readonly batchesAboveTau: number;
  readonly batchesJudged: number;
  /** Judged mini-batches where both judges say the same. */
  readonly judgesAgree: number;
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
  /** Distance of the gradients over differing mini-batches: sums over parameters of L1 and L-infinity norms. */
  readonly distance: Record<
    "l1" | "linf",
    { readonly min: number; readonly median: number; readonly max: number } | null
  >;
  /** Largest distance of a gradient from itself on the same samples in another order; null where it was not measured. */
  readonly noise: Estimate;
  /** Per kink instance: shares of its elements. */
  readonly layers: readonly LayerShare[];
  /** Whether a hit is a difference above tau (ties are compared) or any difference. */
  readonly hitsAboveTau: boolean;
  /** The threshold in force and its norm; what this row's own data estimate it to be. */
  readonly tau: number | null;
  readonly norm: "linf";
  readonly tauEstimate: Estimate;
  readonly verdict: "measured" | "undecided";
  readonly seconds: number;
}

/** What lies on one kink instance, as shares of its elements. */
export interface LayerShare {
  readonly layer: string;
  readonly compared: boolean;
  readonly elements: number;
  readonly on: number;
  readonly reaching: number;
  /** Share of the elements examined in float64; null where none was. */
  readonly structural: number | null;
  readonly atZero: number | null;
  readonly positive: number | null;
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

function relative(hits: readonly Hit[], variant: "product" | "overwrite"): ZoneRow["relativeChange"] {
  const changes = hits.map((hit): Change["l2"] => hit[variant]?.l2 ?? null).filter((change) => change !== null);
  if (changes.length === 0) return { median: null, max: null };
  return { median: median(changes), max: Math.max(...changes) };
}

function spread(values: readonly number[]): { min: number; median: number; max: number } | null {
  if (values.length === 0) return null;
  return {
    min: values.reduce((a, b) => Math.min(a, b)),
    median: median(values),
    max: values.reduce((a, b) => Math.max(a, b)),
  };
}

function layerShares(scans: readonly Scan[]): LayerShare[] {
  return (scans[0]?.layers ?? []).map(({ layer, compared, atZero, positive }, i) => {
    const sum = (of: (count: LayerCount) => number): number => total(scans.map((scan) => of(scan.layers[i])));
    const elements = sum((count) => count.elements);
    const examined = sum((count) => count.examined);
    const share = (of: (count: LayerCount) => number): number => sum(of) / elements;
    return {
      layer,
      compared,
      elements,
      on: share((count) => count.on),
      reaching: share((count) => count.reaching),
      structural: examined === 0 ? null : sum((count) => count.structural) / examined,
      atZero: atZero === null ? null : share((count) => count.atZero ?? 0),
      positive: positive === null ? null : share((count) => count.positive ?? 0),
    };
  });
}

/** The threshold of a cell: given, or estimated from its scans. */
function thresholdOf(
  cell: ZoneCell,
  scans: readonly Scan[],
  hits: readonly Hit[],
): { tau: number | null; estimate: Estimate } {
  const noise = scans.flatMap((scan) => scan.noise);
  const estimate = estimateTau(
    cell.precision.store,
    noise,
    hits.map(({ d }) => d),
  );
  return { tau: cell.tau ?? estimate.linf, estimate };
}

/** Summarises the scans of one cell: `scans.length` is the number of networks. */
export function zoneRow(cell: ZoneCell, scans: readonly Scan[]): ZoneRow {
  const { precision } = cell;
  const differing = scans.flatMap((scan) => scan.hits);
  const { tau, estimate } = thresholdOf(cell, scans, differing);
  const counts = (h: Hit): boolean => isHit({ ...cell, tau }, h);
  const above = (h: Hit): boolean => tau !== null && h.d.linf > tau;
  const judged = differing.filter(({ bifurcates }) => bifurcates !== null);
  const noise = scans.flatMap((scan) => scan.noise);
  const hit = scans.filter((scan) => scan.hits.some(counts)).length;
  const dead =
    scans.length > 0 && differing.length === 0 && scans.every((scan) => scan.underflow.every((u) => u === 1));
  const interval = clopperPearson(hit, scans.length);
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
    kinks: cell.comparison.settings.map(showSetting),
    model: cell.model.name,
    batch: cell.batch,
    init: cell.init,
    draw: cell.draw,
    lossScale: cell.lossScale,
    seed: cell.seed,
    inits: scans.length,
    hit,
    hitFirstLayer: scans.filter((scan) => scan.hits.some((h) => counts(h) && h.firstLayer)).length,
    share: dead ? null : hit / scans.length,
    low: dead ? null : interval.low,
    high: dead ? null : interval.high,
    eps: hoeffding(scans.length),
    batches: total(scans.map((scan) => scan.batches)),
    batchesOccur: total(scans.map((scan) => scan.occur)),
    batchesReaching: total(scans.map((scan) => scan.reaching)),
    batchesDiffer: differing.length,
    batchesBifurcate: differing.filter((h) => h.bifurcates === true).length,
    batchesAboveTau: differing.filter(above).length,
    batchesJudged: judged.length,
    judgesAgree: judged.filter((h) => h.bifurcates === above(h)).length,
    batchesHit: differing.filter(counts).length,
    samples: total(scans.map((scan) => scan.scanned)),
    zeros: shares(scans, (scan) => scan.zeros),
    structuralZeros: shares(scans, (scan) => scan.structuralZeros),
    nan: shares(scans, (scan) => scan.nan),
    underflow: means(scans, (scan) => scan.underflow),
    underflowFloat64: means(scans, (scan) => scan.underflowFloat64),
    relativeChange: relative(differing, "product"),
    relativeChangeOverwrite: relative(differing, "overwrite"),
    variantsDisagree: total(scans.map((scan) => scan.variantsDisagree)),
    distance: { l1: spread(differing.map(({ d }) => d.l1)), linf: spread(differing.map(({ d }) => d.linf)) },
    noise: {
      l1: spread(noise.map((d) => d.l1))?.max ?? null,
      linf: spread(noise.map((d) => d.linf))?.max ?? null,
    },
    layers: layerShares(scans),
    hitsAboveTau: cell.comparison.ties,
    tau,
    norm: "linf",
    tauEstimate: estimate,
    verdict: dead ? "undecided" : "measured",
    seconds: total(scans.map((scan) => scan.seconds)),
  };
}
