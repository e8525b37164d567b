/** What is kept of one propagated mini-batch: rates and alignment over the blocks of a network. */
import { weightLayers } from "../../src/analysis/propagation/rate.ts";
import type { LayerRow } from "../../src/analysis/propagation/rows.ts";

export interface AlignmentSummary {
  /**
   * Per block, between the second and the last one: of norm(g), which no scale of the weights changes (2.7), of norm(dH) and of norm(G),
   * which fall where weights grow (T20).
   */
  readonly rate: number;
  readonly signalRate: number;
  readonly weightRate: number;
  /** Means over the blocks but the first: A; participation ratio and cosine of samples; M, gamma's, Pi, S, T (geometric). */
  readonly alignment: number;
  readonly participation: number | null;
  readonly cosine: number | null;
  readonly mask: number | null;
  readonly affine: number | null;
  readonly projection: number | null;
  readonly gain: number | null;
  readonly transport: number | null;
  /** Of every block. */
  readonly gradients: readonly number[];
  readonly signals: readonly number[];
  readonly alignments: readonly number[];
}

/** Of the rows of a network with two weight layers or more. */
export function alignmentSummary(rows: readonly LayerRow[]): AlignmentSummary {
  const blocks = weightLayers(rows);
  const inner = blocks.slice(1);
  const rate = (of: (row: LayerRow) => number): number =>
    (of(inner[0]) / of(inner[inner.length - 1])) ** (1 / (inner.length - 1));
  const mean = (
    name: keyof LayerRow,
    to = (x: number): number => x,
    from = (x: number): number => x,
  ): number | null => {
    const values = inner.map((row) => row[name] as number | null).filter((value) => value !== null);
    return values.length === 0 ? null : from(values.reduce((sum, value) => sum + to(value), 0) / values.length);
  };
  const geometric = (name: keyof LayerRow): number | null => mean(name, Math.log, Math.exp);
  return {
    rate: rate((row) => row.gradient),
    signalRate: rate((row) => row.signal),
    weightRate: rate((row) => row.weightGradient as number),
    alignment: mean("alignment") as number,
    participation: mean("participation"),
    cosine: mean("cosine"),
    mask: geometric("mask"),
    affine: geometric("affine"),
    projection: geometric("projection"),
    gain: geometric("gain"),
    transport: geometric("transport"),
    gradients: blocks.map((row) => row.gradient),
    signals: blocks.map((row) => row.signal),
    alignments: blocks.map((row) => row.alignment as number),
  };
}
