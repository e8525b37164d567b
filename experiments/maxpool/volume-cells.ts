/** The cells of E4 that its grid, figure and claims name. */
import { publishedTau } from "../../src/analysis/zone/threshold.ts";
import { formatNamed } from "../../src/formats/named.ts";
import type { ScanRow } from "../zone-scan.ts";

/** The paper's threshold in the L-infinity sum; for formats it has none for, any difference counts. */
export const tauOf = (format: string): number => publishedTau(formatNamed(format)) ?? 0;

/** Images of the depth and batch sweeps: 40 mini-batches of 128. */
export const sweepImages = 5120;
export const depths = ["vgg11", "vgg13", "vgg16", "vgg19"] as const;
export const batchSizes = [64, 128, 256, 512] as const;
/** The published batch sweep ran on the network that the depth loop left behind (flaw F4). */
export const batchModel = "vgg19";

/** Rows of one cell. */
export const cellRows = (rows: readonly ScanRow[], model: string, batch: number, format: string): ScanRow[] =>
  rows.filter((row) => row.model === model && row.batch === batch && row.format === format);
