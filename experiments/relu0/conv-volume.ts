/** E4: after how many mini-batches is a random convolutional network in S01, with and without batch norm? */
import { clopperPearson } from "../../src/analysis/statistics.ts";
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import { draws, type ScanRow, type ScanStored, type ScanTrial, scanMeasurement } from "../zone-scan.ts";
import { convClaims } from "./conv-claims.ts";
import { convModels, detected, firstBatch, publishedDetected } from "./conv-rows.ts";

type Cell = Partial<ScanTrial>;

/** Networks per cell: 32 bits, 16 bits, others. */
const counts: Readonly<Record<Exclude<Scale, "quick">, readonly [number, number, number]>> = {
  minimal: [20, 20, 3],
  paper: [1000, 1000, 20],
};

function grid(scale: Scale, parameters: ScanTrial): Cell[] {
  if (scale === "quick") {
    return ["float32", "float16"].flatMap((format) => draws({ format, batch: 8, batches: 3 }, parameters.inits || 2));
  }
  const [single, half, other] = counts[scale].map((count) => parameters.inits || count);
  const cells = (formats: readonly string[], count: number, over: Cell = {}): Cell[] =>
    formats.flatMap((format) => convModels.flatMap((model) => draws({ model, format, ...over }, count)));
  return [
    ...cells(["float32"], single),
    ...cells(["float16"], half),
    // Where a hit is rare, or never comes, 40 mini-batches must do.
    ...cells(["bfloat16", "tfloat32"], other, { batches: 40 }),
    ...cells(["float8_e4m3", "float8_e5m2"], other, { batches: 40, lossScale: 2 ** 12 }),
    ...cells(["float64"], other, { batches: 40, draw: "format" }),
  ];
}

/** Share of networks detected within b mini-batches, at the b where it changes and at the end. */
function curve(rows: readonly ScanRow[], series: string): Point[] {
  const firsts = rows.map(firstBatch).filter((batch) => batch !== undefined);
  const last = rows.reduce((most, row) => Math.max(most, row.firstHit === null ? row.scannedBatches : 1), 1);
  const at = [...new Set([1, ...firsts, last])].sort((a, b) => a - b);
  return at.map((x) => {
    const { hits, networks } = detected(rows, x);
    const { low, high } = clopperPearson(hits, networks);
    return { series, x, y: (100 * hits) / networks, low: 100 * low, high: 100 * high };
  });
}

function figure(rows: readonly ScanRow[]): FigureSpec {
  const formats = [...new Set(rows.map((row) => row.format))];
  const models = [...new Set(rows.map((row) => row.model))];
  const networks = formats.map((format) => `${format} ${rows.filter((row) => row.format === format).length}`);
  const panels = models.map((model) => {
    const own = rows.filter((row) => row.model === model);
    const points = formats.flatMap((series) => {
      const cell = own.filter((row) => row.format === series);
      return cell.length === 0 ? [] : curve(cell, series);
    });
    return lineWithBand({
      title: model,
      xLabel: "mini-batches of 128",
      yLabel: "networks in S01 (%)",
      xScale: "log",
      yDomain: [0, 100],
      points,
      published: publishedDetected
        .filter((entry) => entry.model === model && formats.includes(entry.format))
        .map(({ format, batch, share }) => ({ series: format, x: batch, y: 100 * share })),
    });
  });
  return {
    title: "Mini-batches until ReLU'(0) = 0 and 1 give different gradients: convolutional networks at init",
    caption: `CIFAR-10 (${[...new Set(rows.map((row) => row.dataVariant))].join(", ")}), shuffled, crop and flip, PyTorch's default init, batch norm on batch statistics; strict, float32 sums, bias once. Networks: ${networks.join(", ")}. Any parameter counts; bands: Clopper-Pearson 95 %.`,
    panels,
    columns: 2,
    publishedLabel: "published",
  };
}

export const convVolume: Experiment<ScanTrial, ScanStored> = experiment({
  id: "relu0/conv-volume",
  paper: "relu0",
  source: "E4; section 4.4",
  title: "Mini-batches until a convolutional network is in S01",
  ...scanMeasurement,
  parameters: {
    ...scanMeasurement.parameters,
    kinks: { ...scanMeasurement.parameters.kinks, default: "relu.zero=0,1" },
    init: { ...scanMeasurement.parameters.init, default: "default" },
    augmentation: { ...scanMeasurement.parameters.augmentation, default: "crop-flip" },
    shuffle: { ...scanMeasurement.parameters.shuffle, default: true },
    all: { ...scanMeasurement.parameters.all, default: false },
    exact: { ...scanMeasurement.parameters.exact, default: 1 },
  },
  grid,
  figure,
  claims: convClaims,
});
