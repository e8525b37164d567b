/** What is measured of one block of a network. */

export interface LayerRow {
  readonly index: number;
  readonly name: string;
  readonly kind: "linear" | "conv2d" | "residual" | "dense";
  /** Norm of g, the gradient with respect to the block's output. */
  readonly gradient: number;
  /** Norm of dH, the gradient with respect to the weight layer's output (of a residual: to its sum). */
  readonly signal: number;
  /** Norms of G, the gradient of the weight, and of the weight; G / W. Null without a weight. */
  readonly weightGradient: number | null;
  readonly weight: number | null;
  readonly ratio: number | null;
  /** Square of the norm of the gradient at the block's input over that at its output. Null where the input is read elsewhere too. */
  readonly growth: number | null;
  /** Factors of `growth`, products over the block (papers/bn-relu 2.7): M of activations, gamma's, Pi and S of norms, T of the weight. */
  readonly mask: number | null;
  readonly affine: number | null;
  readonly projection: number | null;
  readonly gain: number | null;
  readonly transport: number | null;
  /** The factor of pools and other layers; 1 without. */
  readonly other: number;
  /** Height of the weight layer's (or residual's) input over that of its output: its stride. Null without images. */
  readonly stride: number | null;
  /** A of 2.7: variance of the weight layer's output over that of independent weights. */
  readonly alignment: number | null;
  /** Mean cosine between the samples' outputs of the block. */
  readonly cosine: number | null;
  /** Of the activation's input: participation ratio of the samples, coefficient of variation of their squared norms. */
  readonly participation: number | null;
  readonly spread: number | null;
  /** Share of the activation's inputs that are exactly 0. */
  readonly zeros: number | null;
  /** Statistics of norms in this block whose variance is exactly 0: dead features. */
  readonly dead: number;
  /** Of g: the largest magnitude, exponents (of 2) of the largest and of the least that is not 0, share of zeros. */
  readonly maxAbs: number;
  readonly maxExponent: number | null;
  readonly minExponent: number | null;
  readonly underflow: number;
}

const arithmetic = ["alignment", "cosine", "participation", "spread", "zeros", "dead", "underflow"] as const;
const geometric = [
  "gradient",
  "signal",
  "weightGradient",
  "weight",
  "ratio",
  "growth",
  "mask",
  "affine",
  "projection",
  "gain",
  "transport",
  "other",
] as const;

/** Means over seeds of the rows of one block: geometric of norms and factors, arithmetic of the rest, extremes of extremes. */
function meanRow(rows: readonly LayerRow[]): LayerRow {
  const mean = (name: keyof LayerRow, to: (x: number) => number, from: (x: number) => number): number | null => {
    const values = rows.map((row) => row[name] as number | null);
    if (values.some((value) => value === null)) return null;
    return from((values as number[]).reduce((sum, value) => sum + to(value), 0) / values.length);
  };
  const extreme = (name: "maxExponent" | "minExponent", of: (...values: number[]) => number): number | null => {
    const known = rows.flatMap((row) => row[name] ?? []);
    return known.length === 0 ? null : of(...known);
  };
  const same = (x: number): number => x;
  return {
    ...rows[0],
    ...Object.fromEntries(geometric.map((name) => [name, mean(name, Math.log, Math.exp)])),
    ...Object.fromEntries(arithmetic.map((name) => [name, mean(name, same, same)])),
    maxAbs: Math.max(...rows.map((row) => row.maxAbs)),
    maxExponent: extreme("maxExponent", Math.max),
    minExponent: extreme("minExponent", Math.min),
  };
}

/** @param runs Rows of one network each, all of one architecture. */
export function meanRows(runs: readonly (readonly LayerRow[])[]): readonly LayerRow[] {
  if (runs.length === 1) return runs[0];
  return runs[0].map((_, index) => meanRow(runs.map((rows) => rows[index])));
}
