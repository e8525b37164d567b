/** E4: after how many mini-batches does a random convolutional network depend on ReLU'(0), with and without batch norm? */
import { clopperPearson, fisherExact } from "../../src/analysis/statistics.ts";
import { type Claim, type Evaluation, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  draws,
  onPlannedRows,
  plannedRows,
  type ScanRow,
  type ScanStored,
  type ScanTrial,
  scanMeasurement,
} from "../zone-scan.ts";

const models = ["vgg11", "vgg11-bn", "resnet18", "resnet18-bn"] as const;
const formats = ["float32", "float16"] as const;

/** Published fraction of inits detected after b mini-batches of 128 (papers/relu0 E4); the last entry is when all were. */
const published: Readonly<Record<string, readonly (readonly [batches: number, share: number])[]>> = {
  "vgg11 float16": [[1, 1]],
  "vgg11 float32": [
    [1, 0.104],
    [2, 0.2],
    [3, 0.286],
    [5, 0.446],
    [10, 0.699],
    [20, 0.902],
    [50, 0.996],
    [90, 1],
  ],
  "vgg11-bn float16": [
    [1, 0.215],
    [2, 0.373],
    [3, 0.5],
    [5, 0.694],
    [10, 0.899],
    [20, 0.989],
    [40, 1],
  ],
  "vgg11-bn float32": [
    [1, 0.262],
    [2, 0.479],
    [3, 0.608],
    [5, 0.8],
    [10, 0.944],
    [20, 0.999],
    [21, 1],
  ],
  "resnet18 float16": [[1, 1]],
  "resnet18 float32": [
    [1, 0.075],
    [2, 0.127],
    [3, 0.17],
    [5, 0.283],
    [10, 0.481],
    [20, 0.727],
    [50, 0.967],
    [142, 1],
  ],
  "resnet18-bn float16": [[1, 1]],
  "resnet18-bn float32": [
    [1, 0.267],
    [2, 0.467],
    [3, 0.624],
    [5, 0.791],
    [10, 0.95],
    [20, 0.999],
    [22, 1],
  ],
};

/** All published inits were detected by the 142nd mini-batch. */
const mostBatches = 150;

const numbers: Readonly<Record<Scale, { readonly inits: number; readonly batches: number }>> = {
  quick: { inits: 1, batches: 2 },
  minimal: { inits: 20, batches: mostBatches },
  paper: { inits: 1000, batches: 391 },
};

/** Networks whose first mini-batch is repeated in float64, for structural zeros (flaw F18). */
const replayed = 2;

function grid(scale: Scale, parameters: ScanTrial): Partial<ScanTrial>[] {
  const { inits, batches } = numbers[scale];
  const small = scale === "quick" ? { batch: 4 } : {};
  const cells = formats.flatMap((format) => models.map((model) => ({ ...small, format, model, batches })));
  const networks = parameters.inits || inits;
  const rounds = cells.flatMap((cell) => draws(cell, networks));
  // In rounds over the cells: an interrupted run has some networks of each.
  return rounds
    .map((cell) => ({ ...cell, replay: (cell.network ?? 0) < replayed && scale !== "quick" ? 1 : 0 }))
    .sort((a, b) => Math.floor((a.network ?? 0) / 5) - Math.floor((b.network ?? 0) / 5));
}

const cellOf = (rows: readonly ScanRow[], model: string, format: string): ScanRow[] =>
  rows.filter((row) => row.model === model && row.format === format);

/** Networks hit within the first b mini-batches. */
const within = (rows: readonly ScanRow[], b: number): number =>
  rows.filter(({ firstHit }) => firstHit !== null && firstHit < b).length;

/** The mini-batch (from 1) by which the last network was hit; null where one was not. */
function allBy(rows: readonly ScanRow[]): number | null {
  if (rows.length === 0 || rows.some(({ firstHit }) => firstHit === null)) return null;
  return Math.max(...rows.map(({ firstHit }) => (firstHit as number) + 1));
}

const enough = 20;
const notEnough = (ours: string): Evaluation => ({ verdict: "undecided", ours });

const reaches: Claim<ScanTrial, ScanStored> = {
  id: "relu0/C9",
  statement:
    "CIFAR10 VGG11 and ResNet18: every init reaches S01; in 16 bits at once; batch norm makes it faster in 32 bits",
  published:
    "32 bits within 90 / 142 mini-batches of 128; 16 bits at the first mini-batch (VGG11+BN excepted: 40); BN faster in 32 bits (21 / 22)",
  rule: `32 bits: every init of the four networks is hit within ${mostBatches} mini-batches; 16 bits: every init of VGG11, ResNet18 and ResNet18+BN at the first mini-batch, of VGG11+BN within ${mostBatches}; in 32 bits the share hit within 10 mini-batches is larger with batch norm for both networks (Fisher's exact test, one-sided, 5 %; undecided if only that is not significant); at least ${enough} inits per cell`,
  evaluate(rows) {
    const cells = formats.flatMap((format) =>
      models.map((model) => ({ format, model, rows: cellOf(rows, model, format) })),
    );
    const text = cells.map(({ format, model, rows: cell }) => {
      const by = allBy(cell);
      return `${model} ${format} ${by === null ? `${within(cell, Number.POSITIVE_INFINITY)} of ${cell.length}` : `all ${cell.length} by ${by}`}`;
    });
    const ours = text.join("; ");
    if (cells.some((cell) => cell.rows.length < enough)) return notEnough(ours);
    const all = cells.every((cell) => (allBy(cell.rows) ?? Number.POSITIVE_INFINITY) <= mostBatches);
    const atOnce = cells.every(
      ({ format, model, rows: cell }) =>
        format !== "float16" || model === "vgg11-bn" || within(cell, 1) === cell.length,
    );
    const faster = (["vgg11", "resnet18"] as const).map((model) => {
      const [without, withNorm] = [model, `${model}-bn`].map((name) => cellOf(rows, name, "float32"));
      return fisherExact(within(withNorm, 10), withNorm.length, within(without, 10), without.length).greater;
    });
    const tested = `${ours}; batch norm faster: p = ${faster.map((p) => p.toPrecision(2)).join(", ")}`;
    if (!all || !atOnce) return { verdict: "fails", ours: tested };
    return { verdict: faster.every((p) => p < 0.05) ? "holds" : "undecided", ours: tested };
  },
};

/** Zeros per ReLU call of networks with biases, which have no structural zeros. */
function zeroRate(rows: readonly ScanRow[]): { readonly zeros: number; readonly calls: number; readonly rate: number } {
  const layers = rows.filter(({ model }) => model.startsWith("vgg")).flatMap((row) => row.layers);
  const relus = layers.filter(({ kink }) => kink === "relu.zero");
  const [zeros, calls] = [relus.reduce((n, { on }) => n + on, 0), relus.reduce((n, { elements }) => n + elements, 0)];
  return { zeros, calls, rate: zeros / calls };
}

/** Published ranges during training, each widened by a factor for another network at another time. */
const widening = 3;
const publishedRates = { float32: [2e-9, 4e-9], float16: [5e-8, 1.2e-7], ratio: [15, 40] } as const;

const rates: Claim<ScanTrial, ScanStored> = {
  id: "relu0/C8",
  statement: "Exact zeros per ReLU call are rare in 32 bits and 15 to 40 times as frequent in 16 (here: VGG11 at init)",
  published: "~2e-9..4e-9 (32 bits), ~5e-8..1.2e-7 (16 bits); ratio 15-40 (MLP, during training)",
  rule: `VGG11 with and without batch norm at init, until the first hit: both rates and their ratio lie in the published ranges widened by a factor of ${widening} on both sides; at least 10 zeros in each format`,
  evaluate(rows) {
    const [single, half] = formats.map((format) => zeroRate(rows.filter((row) => row.format === format)));
    const ratio = half.rate / single.rate;
    if (single.calls === 0 || half.calls === 0) return notEnough("cells are missing");
    const show = ({ rate, zeros }: typeof single): string => `${rate.toExponential(1)} (${zeros} zeros)`;
    const ours = `fp32 ${show(single)}, fp16 ${show(half)}${single.zeros > 0 ? `, ratio ${ratio.toPrecision(2)}` : ""}`;
    if (single.zeros < 10 || half.zeros < 10) return notEnough(ours);
    const inside = (x: number, [low, high]: readonly [number, number]): boolean =>
      x >= low / widening && x <= high * widening;
    const holds =
      inside(single.rate, publishedRates.float32) &&
      inside(half.rate, publishedRates.float16) &&
      inside(ratio, publishedRates.ratio);
    return { verdict: holds ? "holds" : "fails", ours };
  },
};

const ticks = [1, 2, 3, 5, 10, 20, 50, 100, 150];

function figure(rows: readonly ScanRow[]): FigureSpec {
  const panels = formats.map((format) => {
    const points = models.flatMap((series) => {
      const cell = cellOf(rows, series, format);
      if (cell.length === 0) return [];
      return ticks.map((x) => {
        const hits = within(cell, x);
        const { low, high } = clopperPearson(hits, cell.length);
        return { series, x, y: (100 * hits) / cell.length, low: 100 * low, high: 100 * high };
      });
    });
    const curve = models.flatMap((series) =>
      (published[`${series} ${format}`] ?? []).map(([x, share]) => ({ series, x, y: 100 * share })),
    );
    return lineWithBand({
      title: format,
      xLabel: "mini-batches of 128",
      yLabel: "networks hit (%)",
      xScale: "log",
      points,
      published: curve,
      yDomain: [0, 100],
    });
  });
  const counts = models.map(
    (model) => `${model} ${formats.map((format) => cellOf(rows, model, format).length).join("/")}`,
  );
  const zeros = formats.map((format) => {
    const { rate } = zeroRate(rows.filter((row) => row.format === format));
    return `${format} ${Number.isNaN(rate) ? "-" : rate.toExponential(1)}`;
  });
  return {
    title: "Random convolutional networks that depend on ReLU'(0), by mini-batches seen",
    caption:
      `CIFAR-10 (${[...new Set(rows.map((row) => row.dataVariant))].join(", ")}), shuffled, crop and flip, batch 128, default init, training mode; 0 against 1 by product, any parameter. ` +
      `Networks per cell, 32/16 bits: ${counts.join(", ")}. Bands: Clopper-Pearson 95 %. Diamonds: published, M = 1000. Zeros per ReLU call of VGG11: ${zeros.join(", ")}.`,
    panels,
    columns: 2,
    publishedLabel: "published (M = 1000)",
  };
}

const shared = scanMeasurement.parameters;
const parameters = {
  ...shared,
  kinks: { ...shared.kinks, default: "relu.zero=0,1" },
  init: { ...shared.init, default: "default" },
  augmentation: { ...shared.augmentation, default: "crop-flip" },
  shuffle: { ...shared.shuffle, default: true },
  all: { ...shared.all, default: false },
  exact: { ...shared.exact, default: 1 },
};

export const convVolume: Experiment<ScanTrial, ScanStored> = experiment({
  id: "relu0/conv-volume",
  paper: "relu0",
  source: "E4; section 4.4",
  title: "S01 for convolutional networks",
  ...scanMeasurement,
  parameters,
  grid,
  figure: (rows) => figure(plannedRows(parameters, rows)),
  claims: [rates, reaches].map((claim) => onPlannedRows(parameters, claim)),
});
