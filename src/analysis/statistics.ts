/** Intervals, quantiles and exact comparisons of shares: what a claim's verdict rests on. */
import betaQuantile from "@stdlib/stats-base-dists-beta-quantile";
import { UsageError } from "../base/errors.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

function checkCounts(what: string, hits: number, trials: number): void {
  if (Number.isInteger(hits) && Number.isInteger(trials) && trials >= 0 && hits >= 0 && hits <= trials) return;
  throw new UsageError(`${what}: found ${hits} of ${trials}, expected integers 0 <= hits <= trials`);
}

/**
 * Clopper-Pearson interval of a share, conservative for every sample size; [0, 1] of an empty sample.
 * @throws UsageError unless 0 <= hits <= trials.
 */
export function clopperPearson(hits: number, trials: number, confidence = 0.95): Interval {
  checkCounts("clopperPearson", hits, trials);
  const tail = (1 - confidence) / 2;
  return {
    low: hits === 0 ? 0 : betaQuantile(tail, hits, trials - hits + 1),
    high: hits === trials ? 1 : betaQuantile(1 - tail, hits + 1, trials - hits),
  };
}

/** Half-width of Hoeffding's interval of a mean of [0, 1] variables at risk `delta`: sqrt(ln(2 / delta) / (2 M)). */
export function hoeffding(trials: number, delta = 0.05): number {
  return Math.sqrt(Math.log(2 / delta) / (2 * trials));
}

/** Quantile with linear interpolation between order statistics (Hyndman-Fan 7); NaN of no values or if one is NaN. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0 || values.some(Number.isNaN)) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const [a, b] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
  return a === b || position === below ? a : a + (b - a) * (position - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Minimum, quartiles, median, maximum. */
export function fiveNumbers(values: readonly number[]): readonly [number, number, number, number, number] {
  const [a, b, c, d, e] = [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(values, share));
  return [a, b, c, d, e];
}

/** NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** With divisor n - 1; NaN of one value. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, x) => sum + (x - center) ** 2, 0) / (values.length - 1);
}

/** Of a sample: with divisor n - 1, NaN of one value. */
export function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(variance(values));
}

/** Of the mean of a sample; NaN of one value. */
export function standardError(values: readonly number[]): number {
  return Math.sqrt(variance(values) / values.length);
}

const logFactorials: number[] = [0];

function logChoose(n: number, k: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1] + Math.log(i));
  return logFactorials[n] - logFactorials[k] - logFactorials[n - k];
}

export interface ExactTest {
  /** P(a count at least as large as the observed one). */
  readonly greater: number;
  /** P(a count at most as large). */
  readonly less: number;
  /** P(an outcome no more probable than the observed one). */
  readonly twoSided: number;
}

function exactTest(first: number, probabilities: readonly number[], observed: number): ExactTest {
  const at = probabilities[observed - first];
  const sum = (keep: (p: number, k: number) => boolean): number =>
    Math.min(
      1,
      probabilities.reduce((total, p, i) => (keep(p, first + i) ? total + p : total), 0),
    );
  return {
    greater: sum((_, k) => k >= observed),
    less: sum((_, k) => k <= observed),
    twoSided: sum((p) => p <= at * (1 + 1e-7)),
  };
}

/** Exact binomial test of `hits` of `trials` against the share `p`. @throws UsageError unless 0 <= hits <= trials. */
export function binomialTest(hits: number, trials: number, p: number): ExactTest {
  checkCounts("binomialTest", hits, trials);
  if (!(p >= 0 && p <= 1)) throw new UsageError(`binomialTest: found share ${p}, expected one in [0, 1]`);
  const power = (k: number, x: number): number => (k === 0 ? 0 : k * Math.log(x));
  const probabilities = Array.from({ length: trials + 1 }, (_, k) =>
    Math.exp(logChoose(trials, k) + power(k, p) + power(trials - k, 1 - p)),
  );
  return exactTest(0, probabilities, hits);
}

/**
 * Fisher's exact test of two shares: `greater` is the p-value of "the first share is not larger than the second".
 * @throws UsageError unless 0 <= hits <= trials for both.
 */
export function fisherExact(hits1: number, trials1: number, hits2: number, trials2: number): ExactTest {
  checkCounts("fisherExact", hits1, trials1);
  checkCounts("fisherExact", hits2, trials2);
  const hits = hits1 + hits2;
  const least = Math.max(0, hits - trials2);
  const most = Math.min(hits, trials1);
  const all = logChoose(trials1 + trials2, hits);
  const probabilities = Array.from({ length: most - least + 1 }, (_, i) =>
    Math.exp(logChoose(trials1, least + i) + logChoose(trials2, hits - least - i) - all),
  );
  return exactTest(least, probabilities, hits1);
}
