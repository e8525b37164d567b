/** Claims C3 - C7 of papers/relu0 1.2 as predicates over the rows of E2. */

import { fisherExact, hoeffding } from "../../src/analysis/statistics.ts";
import type { ZoneRow } from "../../src/analysis/zone/rows.ts";
import type { Claim, Evaluation } from "../../src/lab/experiment.ts";
import { baseModel, depthModel, depths, widthModel, widths } from "./published.ts";
import { plainRows, shareWithin, summarize } from "./volume-rows.ts";
import type { ScanRecord, ZoneTrial } from "./zone-trial.ts";

type VolumeClaim = Claim<ZoneTrial, ScanRecord>;

const percent = (share: number | null): string => (share === null ? "undecided" : `${(100 * share).toFixed(1)} %`);
const interval = (row: ZoneRow): string =>
  `${percent(row.share)} [${percent(row.low)}, ${percent(row.high)}] of ${row.inits}`;
const notEnough = (ours: string): Evaluation => ({ verdict: "undecided", ours });
/** Least networks for a verdict; significance of a trend. */
const enough = 50;
const significance = 0.01;

/** Shares of a sweep in one format, in order of the sweep; undefined if a cell is missing or too small. */
function series(rows: readonly ZoneRow[], models: readonly string[], format: string): ZoneRow[] | undefined {
  const found = models.map((model) =>
    rows.find((row) => row.model === model && row.format === format && row.batch === 256),
  );
  return found.every((row) => row !== undefined && row.inits >= enough) ? (found as ZoneRow[]) : undefined;
}

/** Grows: the last share exceeds the first, and no step down is significant (Fisher's exact test, 1 %). */
function growth(cells: readonly ZoneRow[]): boolean {
  const test = (a: ZoneRow, b: ZoneRow): number => fisherExact(a.hit, a.inits, b.hit, b.inits).greater;
  const last = cells[cells.length - 1];
  const rises = test(last, cells[0]) < significance;
  return rises && cells.slice(1).every((cell, i) => test(cells[i], cell) >= significance);
}

function grows(id: string, what: string, models: readonly string[], published: string): VolumeClaim {
  return {
    id,
    statement: `S01 grows with ${what}`,
    published,
    rule: "in 16 and 32 bits the last share of the sweep exceeds the first and no step down is significant (Fisher's exact test, 1 %); at least 50 networks per cell",
    evaluate(stored) {
      const rows = summarize(plainRows(stored));
      const sweeps = ["float32", "float16"].map((format) => ({ format, cells: series(rows, models, format) }));
      const show = sweeps
        .map(({ format, cells }) => `${format} ${cells?.map((cell) => percent(cell.share)).join(", ") ?? "too few"}`)
        .join("; ");
      if (sweeps.some(({ cells }) => cells === undefined)) return notEnough(show);
      const holds = sweeps.every(({ cells }) => growth(cells as ZoneRow[]));
      return { verdict: holds ? "holds" : "fails", ours: show };
    },
  };
}

const headline: VolumeClaim = {
  id: "relu0/C3",
  statement: "P(theta in S01) for 3 layers of 256 on MNIST: 16 bits always, 32 bits about half, 64 bits never",
  published: "16 bits 100 %; 32 bits 46.3 / 47.8 / 48.8 % (+-4.3); 64 bits 0 %",
  rule: "16 bits: the interval reaches above 99 %; 32 bits: it meets [42.0, 53.1] % (published range +-4.3); 64 bits: no hit; at least 50, 50 and 20 networks",
  evaluate(stored) {
    const rows = summarize(plainRows(stored)).filter((row) => row.model === baseModel && row.batch === 256);
    const [half, single, double] = ["float16", "float32", "float64"].map((f) => rows.find((row) => row.format === f));
    const ours = [half, single, double].map((row) => (row ? `${row.format} ${interval(row)}` : "missing")).join("; ");
    if (!half || !single || !double) return notEnough(ours);
    if (half.inits < enough || single.inits < enough || double.inits < 20) return notEnough(ours);
    const parts = [
      (half.high ?? 0) > 0.99,
      (single.low ?? 1) <= 0.488 + 0.043 && (single.high ?? 0) >= 0.463 - 0.043,
      double.hit === 0,
    ];
    return { verdict: parts.every(Boolean) ? "holds" : "fails", ours };
  },
};

const sampleSize: VolumeClaim = {
  id: "relu0/C6",
  statement: "S01 grows with sample size; no systematic dependence on batch size",
  published: "32 bits ~.10 at 10k to ~.43 at 60k; 16 bits ~.80 at 10k, 1 by 41k; batch size 35-49 % without trend",
  rule: "3 x 256, 32 and 16 bits: share within 60k exceeds that within 10k (Fisher, 1 %); 32 bits: shares at the least and greatest batch size do not differ (Fisher, 1 %); at least 50 networks",
  evaluate(stored) {
    const plain = plainRows(stored).filter((row) => row.model === baseModel);
    const at = (format: string, samples: number) =>
      shareWithin(
        plain.filter((row) => row.format === format && row.batch === 256),
        samples,
      );
    const curves = ["float32", "float16"].map((format) => ({
      format,
      early: at(format, 10_000),
      late: at(format, 60_000),
    }));
    const batches = summarize(plain.filter((row) => row.format === "float32"))
      .filter((row) => row.inits >= enough)
      .sort((a, b) => a.batch - b.batch);
    const ours = [
      ...curves.map((c) => `${c.format} ${percent(c.early.share)} at 10k, ${percent(c.late.share)} at 60k`),
      `batch ${batches.map((row) => `${row.batch}: ${percent(row.share)}`).join(", ")}`,
    ].join("; ");
    if (curves.some((curve) => curve.late.trials < enough) || batches.length < 2) return notEnough(ours);
    const [first, last] = [batches[0], batches[batches.length - 1]];
    const growing = curves.every(
      ({ early, late }) => fisherExact(late.hits, late.trials, early.hits, early.trials).greater < significance,
    );
    const flat = fisherExact(first.hit, first.inits, last.hit, last.inits).twoSided >= significance;
    return { verdict: growing && flat ? "holds" : "fails", ours };
  },
};

const monteCarlo: VolumeClaim = {
  id: "relu0/C7",
  statement: "Monte-Carlo error at risk 5 % with M = 1000",
  published: "4.3 points",
  rule: "sqrt(ln(2 / 0.05) / (2 M)) rounds to 4.3 points at M = 1000, and no Clopper-Pearson half-width of a stored cell exceeds its own bound by more than the discreteness 1 / M",
  evaluate(stored) {
    const rows = summarize(plainRows(stored)).filter((row) => row.low !== null);
    const eps = hoeffding(1000);
    const largest = Math.max(...rows.map((row) => ((row.high ?? 0) - (row.low ?? 0)) / 2 - row.eps - 1 / row.inits));
    const holds = eps.toFixed(3) === "0.043" && largest <= 0;
    return {
      verdict: holds ? "holds" : "fails",
      ours: `${(100 * eps).toFixed(2)} points; ${rows.length} cells checked`,
    };
  },
};

export const volumeClaims: readonly VolumeClaim[] = [
  headline,
  grows(
    "relu0/C4",
    "depth (1, 2, 3, 5, 6 layers)",
    depths.map(depthModel),
    "32 bits 5.4, 25.8, 46.3, 64.7, 69.7 %; 16 bits 87.1 -> 100 %",
  ),
  grows(
    "relu0/C5",
    "width (16, 64, 256, 512, 1024)",
    widths.map(widthModel),
    "32 bits 2.1, 16.3, 47.8, 58.2, 87.3 %; 16 bits 33.3 % at 16, then 100 %",
  ),
  sampleSize,
  monteCarlo,
];
