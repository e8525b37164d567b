/** What figure and claims of E4 read off its rows, and the published shares (papers/relu0 E4). */
import type { ScanRow } from "../zone-scan.ts";

export const convModels = ["vgg11", "vgg11-bn", "resnet18", "resnet18-bn"] as const;

/** Number of the first mini-batch that differs in any parameter, from 1; undefined where none did. */
export function firstBatch(row: ScanRow): number | undefined {
  return row.firstHit === null ? undefined : row.firstHit + 1;
}

/** Networks detected within `batches` mini-batches, out of those that were scanned so far or hit before. */
export function detected(
  rows: readonly ScanRow[],
  batches: number,
): { readonly hits: number; readonly networks: number } {
  const seen = rows.filter((row) => firstBatch(row) !== undefined || row.scannedBatches >= batches);
  return { hits: seen.filter((row) => (firstBatch(row) ?? Infinity) <= batches).length, networks: seen.length };
}

/**
 * Exact zeros per ReLU call that are no zeros in float64 too, where that was looked at; scans end at their first hit, so that the
 * quotient of totals, not a mean of quotients, estimates the rate.
 */
export function zerosPerCall(rows: readonly ScanRow[]): { readonly zeros: number; readonly calls: number } {
  const layers = rows.flatMap((row) => row.layers).filter(({ kink }) => kink === "relu.zero");
  return {
    zeros: layers.reduce((sum, { on }) => sum + on, 0),
    calls: layers.reduce((sum, { elements }) => sum + elements, 0),
  };
}

export interface PublishedShare {
  readonly model: string;
  readonly format: "float16" | "float32";
  readonly batch: number;
  readonly share: number;
}

const at = [1, 2, 3, 5, 10, 20, 50] as const;

const of = (model: string, format: PublishedShare["format"], shares: readonly number[]): PublishedShare[] =>
  shares.map((share, i) => ({ model, format, batch: at[i], share }));

/** Fraction of 1000 networks detected within b mini-batches. */
export const publishedDetected: readonly PublishedShare[] = [
  ...of("vgg11", "float16", [1]),
  ...of("vgg11", "float32", [0.104, 0.2, 0.286, 0.446, 0.699, 0.902, 0.996]),
  ...of("vgg11-bn", "float16", [0.215, 0.373, 0.5, 0.694, 0.899, 0.989, 1]),
  ...of("vgg11-bn", "float32", [0.262, 0.479, 0.608, 0.8, 0.944, 0.999, 1]),
  ...of("resnet18", "float16", [1]),
  ...of("resnet18", "float32", [0.075, 0.127, 0.17, 0.283, 0.481, 0.727, 0.967]),
  ...of("resnet18-bn", "float16", [1]),
  ...of("resnet18-bn", "float32", [0.267, 0.467, 0.624, 0.791, 0.95, 0.999, 1]),
];
