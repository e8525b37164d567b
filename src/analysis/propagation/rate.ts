/** Rates per block: geometric means over windows of inner layers (papers/bn-relu 3.3, E1), with their spread over seeds. */
import { standardDeviation } from "../statistics.ts";
import type { LayerRow } from "./rows.ts";

export const windowNames = ["first", "middle", "last", "weights"] as const;
export type WindowName = (typeof windowNames)[number];
export type Rates = { readonly [K in WindowName]: number | null };

/** Between which of `count` layers a window's rate is taken, 0-based; layer 0 has inputs of another variance. */
export function windowOf(name: WindowName, count: number): readonly [from: number, to: number] {
  const clip = (layer: number): number => Math.min(Math.max(layer, 1), count - 1);
  const middle = Math.floor(count / 2);
  switch (name) {
    case "first":
      return [clip(1), clip(9)];
    case "middle":
      return [clip(middle - 5), clip(middle + 4)];
    case "last":
      return [clip(count - 10), clip(count - 2)];
    case "weights":
      return [clip(1), clip(count - 2)];
  }
}

/** (norms[from] / norms[to])^(1 / (to - from)); null where the window is empty. */
export function meanRate(norms: readonly number[], [from, to]: readonly [number, number]): number | null {
  return to > from ? (norms[from] / norms[to]) ** (1 / (to - from)) : null;
}

/** The layers that rates are taken over: those with a weight, without a last one that nothing follows (a classifier). */
export function weightLayers(rows: readonly LayerRow[]): readonly LayerRow[] {
  const weighted = rows.filter(({ weight }) => weight !== null);
  const last = weighted[weighted.length - 1];
  const bare = last !== undefined && last.mask === null && last.gain === null;
  return bare && weighted.length > 1 ? weighted.slice(0, -1) : weighted;
}

/** Of one network: rates of the norms of dH, and of G over inner layers. */
export function ratesOf(rows: readonly LayerRow[]): Rates {
  const layers = weightLayers(rows);
  const signal = layers.map((row) => row.signal);
  const weight = layers.map((row) => row.weightGradient as number);
  const rate = (name: WindowName): number | null =>
    meanRate(name === "weights" ? weight : signal, windowOf(name, layers.length));
  return { first: rate("first"), middle: rate("middle"), last: rate("last"), weights: rate("weights") };
}

export interface Rate extends Rates {
  /** Sample standard deviation over seeds; null for one seed. */
  readonly sd: Rates | null;
}

/** Geometric means over seeds. @param runs Rates of one network each */
export function meanRates(runs: readonly Rates[]): Rate {
  const over = (name: WindowName, of: (values: readonly number[]) => number): number | null => {
    const values = runs.map((run) => run[name]);
    return values.some((value) => value === null) ? null : of(values as number[]);
  };
  const all = (of: (values: readonly number[]) => number): Rates => ({
    first: over("first", of),
    middle: over("middle", of),
    last: over("last", of),
    weights: over("weights", of),
  });
  const mean = all((values) => Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length));
  return { ...mean, sd: runs.length < 2 ? null : all(standardDeviation) };
}
