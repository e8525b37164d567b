/** Number formats and the kink in deep BN-ReLU networks (papers/bn-relu E11, 8.2). */
import type { Format } from "../../../formats/format.ts";
import { normalDistribution } from "../../spectra/scalar.ts";
import { reluSquaredRate } from "./batch.ts";

/** E[2^floor(log2 |m|)] of m ~ N(0, deviation^2). */
export function meanBinade(deviation: number): number {
  let sum = 0;
  for (let e = -80; e <= 8; e++) {
    const [low, high] = [2 ** e / deviation, 2 ** (e + 1) / deviation];
    sum += 2 ** e * 2 * (normalDistribution(-low) - normalDistribution(-high));
  }
  return sum;
}

/** Density at 0 of a standard normal. */
const density0 = 0.3989422804014327;

/**
 * Probability that a pre-activation is exactly 0 where a mean of the format is subtracted from values of the format: E[ulp(m)]
 * times the density of h at m, inner layers of a BN-ReLU network (h has deviation sqrt(1 - 1/pi), m sqrt(1/pi)).
 */
export function zeroDensity({ fractionBits }: Pick<Format, "fractionBits">): number {
  const ulp = meanBinade(Math.sqrt(1 / Math.PI)) * 2 ** -fractionBits;
  return (ulp * density0) / Math.sqrt(1 - 1 / Math.PI);
}

/** Relative change of the first layer's gradient between relu'(0) = 0 and alpha (product), zeros of density p in L blocks. */
export function kinkChange(alpha: number, p: number, blocks: number): number {
  return Math.abs(alpha) * Math.sqrt(2 * p * blocks);
}

/** Blocks after which a gradient of size `from` reaches the format's largest number. `peak`: largest over rms. */
export function overflowDepth(
  format: Format,
  {
    rate = Math.sqrt(reluSquaredRate),
    from = 1,
    peak = 1,
  }: { readonly rate?: number; readonly from?: number; readonly peak?: number } = {},
): number {
  return Math.log(format.largest / (from * peak)) / Math.log(rate);
}

/** The power of two nearest to rate^-blocks: a loss scale `blocks` below the top (8.2). */
export function layerScale(blocks: number, rate: number = Math.sqrt(reluSquaredRate)): number {
  return 2 ** -Math.round(Math.log2(rate) * blocks);
}
