/** The paper's judge: a difference of tied gradients above tau bifurcates (papers/maxpool 2.5). */
import type { Format } from "../../formats/format.ts";
import type { Distance } from "./difference.ts";

/** Published thresholds of the L-infinity sum, for volumes. */
const published: Readonly<Record<string, number>> = { float16: 1e-3, float32: 1e-7, float64: 1e-15 };

/** The threshold that the paper uses in a format; null for formats it does not have. */
export function publishedTau(format: Format): number | null {
  return published[format.name] ?? null;
}

export interface Estimate {
  readonly l1: number | null;
  readonly linf: number | null;
}

/**
 * tau as the paper estimates it: where sums in another order give other bits, the largest distance between identical programs
 * (23 fraction bits and more); where they give the same, the least distance above 0 between the two choices. Null without data.
 */
export function estimateTau(format: Format, noise: readonly Distance[], distances: readonly Distance[]): Estimate {
  const wide = format.fractionBits >= 23;
  const of = (norm: "l1" | "linf"): number | null => {
    const values = (wide ? noise : distances).map((d) => d[norm]).filter((d) => wide || d > 0);
    if (values.length === 0) return null;
    return values.reduce(wide ? (a, b) => Math.max(a, b) : (a, b) => Math.min(a, b));
  };
  return { l1: of("l1"), linf: of("linf") };
}
