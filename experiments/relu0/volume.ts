/** E2: with what probability does a random network lie in S01? Four sweeps over MNIST, then every format. */

import { clopperPearson } from "../../src/analysis/statistics.ts";
import type { ZoneRow } from "../../src/analysis/zone/rows.ts";
import { type Experiment, experiment } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { type Bar, barPanel, lineWithBand } from "../../src/lab/panels.ts";
import {
  baseModel,
  batches,
  depthModel,
  depths,
  published,
  publishedCount,
  publishedNetworks,
  type Sweep,
  sampleCurve,
  widthModel,
  widths,
} from "./published.ts";
import { volumeClaims } from "./volume-claims.ts";
import { volumeGrid } from "./volume-grid.ts";
import { plainRows, shareWithin, summarize } from "./volume-rows.ts";
import { type ScanRecord, type ZoneStored, type ZoneTrial, zoneMeasurement, zoneParameters } from "./zone-trial.ts";

const plainFormats = ["float16", "float32", "float64"] as const;

/** The name of a cell's arithmetic in figures: the format, and what differs from the defaults. */
export function labelOf(row: ZoneRow): string {
  const usual = row.format === "float64" ? "float64" : "float32";
  return [
    row.operands === row.format ? row.format : row.operands,
    row.accumulate === usual ? "" : `sums ${row.accumulate}`,
    row.bias === "once" ? "" : "bias rounded",
    row.block === 256 ? "" : `block ${row.block}`,
    row.flush ? "flushed" : "",
    row.arithmetic === "strict" ? "" : row.arithmetic,
    row.model.includes(":") ? "no first ReLU" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function bar(row: ZoneRow, x: string | number, series: string): Bar {
  const share = row.share === null ? Number.NaN : 100 * row.share;
  const bounds = row.low === null || row.high === null ? {} : { low: 100 * row.low, high: 100 * row.high };
  return { x, series, value: share, ...bounds };
}

function sweepPanel(
  rows: readonly ZoneRow[],
  sweep: Sweep,
  title: string,
  cells: readonly [number, string, number][],
): Panel {
  const bars = plainFormats.flatMap((format) =>
    cells.flatMap(([x, model, batch]) => {
      const row = rows.find((r) => r.model === model && r.batch === batch && r.format === format);
      if (row === undefined) return [];
      const count = publishedCount(sweep, model, batch, format);
      const beside = count === undefined ? {} : { published: (100 * count) / publishedNetworks };
      return [{ ...bar(row, x, format), ...beside }];
    }),
  );
  return barPanel({ title, xLabel: "", yLabel: "networks hit (%)", bars, yDomain: [0, 100] });
}

function samplePanel(rows: readonly ZoneStored[]): Panel {
  const base = rows.filter((row) => row.model === baseModel && row.batch === 256);
  const ticks = [1, 5, 10, 20, 30, 40, 50, 60].map((thousands) => 1000 * thousands);
  const points = plainFormats.flatMap((series) => {
    const cell = base.filter((row) => row.format === series);
    if (cell.length === 0) return [];
    return ticks.map((samples) => {
      const { hits, trials, share } = shareWithin(cell, samples);
      const { low, high } = clopperPearson(hits, trials);
      return { series, x: samples / 1000, y: 100 * share, low: 100 * low, high: 100 * high };
    });
  });
  const curve = Object.entries(sampleCurve).flatMap(([series, pairs]) =>
    pairs.map(([samples, share]) => ({ series, x: samples / 1000, y: 100 * share })),
  );
  return lineWithBand({
    title: "sample size (thousands), 3 x 256",
    xLabel: "",
    yLabel: "networks hit (%)",
    points,
    published: curve,
    yDomain: [0, 100],
  });
}

/** Depth and width in the formats the paper does not have. */
function narrowPanels(rows: readonly ZoneRow[]): Panel[] {
  const beyond = rows.filter((row) => !(plainFormats as readonly string[]).includes(labelOf(row)) && row.batch === 256);
  const panel = (title: string, cells: readonly [number, string][]): Panel[] => {
    const labels = ["bfloat16", "tfloat32", "float8_e4m3", "float8_e5m2"];
    const bars = labels.flatMap((label) =>
      cells.flatMap(([x, model]) =>
        beyond.filter((row) => labelOf(row) === label && row.model === model).map((row) => bar(row, x, label)),
      ),
    );
    return bars.length === 0
      ? []
      : [barPanel({ title, xLabel: "", yLabel: "networks hit (%)", bars, yDomain: [0, 100] })];
  };
  return [
    ...panel(
      "layers of 256, narrow formats",
      depths.map((depth) => [depth, depthModel(depth)]),
    ),
    ...panel(
      "units in each of 3 layers, narrow formats",
      widths.map((width) => [width, widthModel(width)]),
    ),
  ];
}

function figure(stored: readonly ZoneStored[]): FigureSpec {
  const plain = plainRows(stored);
  const rows = summarize(plain);
  const all = summarize(stored);
  const inits = all.map((row) => row.inits);
  const range = inits.length === 0 ? "0" : `${Math.min(...inits)} to ${Math.max(...inits)}`;
  return {
    title: "Networks whose gradient depends on ReLU'(0): random MLPs on MNIST",
    caption:
      `${range} networks per bar, the first mini-batch that differs decides (any parameter, 0 against 1, product); whiskers: ` +
      `Clopper-Pearson 95 %; diamonds: published, M = 1000. Strict arithmetic, float32 sums (float64 in float64) in blocks of 256, ` +
      `bias once, MNIST train pixel / 255 in file order. Batch size changes no pre-activation here.`,
    panels: [
      samplePanel(plain),
      sweepPanel(
        rows,
        "width",
        "units in each of 3 layers",
        widths.map((width) => [width, widthModel(width), 256]),
      ),
      sweepPanel(
        rows,
        "depth",
        "layers of 256",
        depths.map((depth) => [depth, depthModel(depth), 256]),
      ),
      sweepPanel(
        rows,
        "batch",
        "batch size, 3 x 256",
        batches.map((batch) => [batch, baseModel, batch]),
      ),
      ...narrowPanels(all),
    ],
    columns: 2,
    publishedLabel: "published (M = 1000)",
  };
}

export const volume: Experiment<ZoneTrial, ScanRecord> = experiment({
  id: "relu0/volume",
  paper: "relu0",
  source: "E2; section 3, four-panel figure",
  title: "Volume of S01 on fully connected nets",
  parameters: zoneParameters,
  grid: volumeGrid,
  ...zoneMeasurement,
  published: published.map((cell) => ({ ...cell })),
  figure,
  claims: volumeClaims,
});
