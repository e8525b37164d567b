/** E3: how large are the differences, and how large is rounding alone? Native against minimal, the swapped call, identical programs. */
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { type Bar, barPanel } from "../../src/lab/panels.ts";
import { draws, type ScanRow, type ScanStored, type ScanTrial, scanMeasurement } from "../zone-scan.ts";

const intended = "maxpool.tie=first,even";
/** What the committed notebook compares by a swap of arguments (flaw F3): ReLU'(0), not the pool. */
const swapped = "relu.zero=0,1";
const formats = ["float16", "float32", "float64"] as const;
const beyond = ["bfloat16", "tfloat32", "float8_e4m3", "float8_e5m2"] as const;

type Cell = Partial<ScanTrial>;

const lenet: Cell = { model: "lenet", data: "mnist", normalisation: "half" };
const vgg: Cell = { model: "vgg11", data: "cifar10", augmentation: "crop-flip", shuffle: true };

/** Mini-batches per network whose noise is measured: the kept gradient on the samples in another order. */
const noisy = 40;

/** LeNet on MNIST; with `data=cifar10` the networks of that set. */
function grid(scale: Scale, parameters: ScanTrial): Cell[] {
  if (parameters.data === "cifar10") return photographs(scale);
  if (scale === "quick") {
    const tiny = { ...lenet, batch: 8, batches: 3, noise: 2 };
    return [intended, swapped].flatMap((kinks) => formats.map((format) => ({ ...tiny, kinks, format })));
  }
  const inits = parameters.inits || (scale === "paper" ? 100 : 3);
  const of = (format: string): Cell => ({ format, ...(format === "float64" ? { draw: "format" } : {}) });
  const scale8 = (format: string): Cell => (format.startsWith("float8") ? { lossScale: 2 ** 12 } : {});
  const count = (format: string): number => (format === "float64" ? 1 : inits);
  return [
    ...formats.flatMap((format) => draws({ ...lenet, ...of(format), kinks: intended, noise: noisy }, count(format))),
    ...formats.flatMap((format) => draws({ ...lenet, ...of(format), kinks: swapped }, count(format))),
    ...beyond.map((format) => ({ ...lenet, format, ...scale8(format), kinks: intended, batches: 100, noise: 10 })),
    ...(["lenet:pool-first", "lenet:pool-3x3"] as const).flatMap((model) =>
      (["float32", "float16"] as const).map((format) => ({
        ...lenet,
        model,
        format,
        kinks: intended,
        batches: 100,
        noise: 10,
      })),
    ),
  ];
}

/** The first mini-batches of networks on CIFAR-10. */
function photographs(scale: Scale): Cell[] {
  const few = scale === "quick" ? { batch: 4, batches: 1, noise: 1, exact: 1 } : { batches: 20, noise: 10, exact: 5 };
  const models = scale === "paper" ? ["vgg11", "vgg13", "vgg16", "vgg19", "resnet18-2x2", "vgg11-bn"] : ["vgg11"];
  return models.flatMap((model) =>
    formats.map((format): Cell => {
      const draw: Cell = format === "float64" ? { draw: "format" } : {};
      return { ...vgg, ...few, ...draw, model, format, kinks: intended };
    }),
  );
}

const cellRows = (rows: readonly ScanRow[], model: string, kinks: string, format: string): ScanRow[] =>
  rows.filter((row) => row.model === model && row.kinks === kinks && row.format === format);

/** Decades by their upper exponent, as published: label e holds [10^(e-1), 10^e); "0" holds exact zeros. */
export function histogram(distances: readonly number[], zeros: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>([["0", zeros]]);
  for (const d of distances) {
    const label = String(Math.floor(Math.log10(d)) + 1);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

const zerosOf = (rows: readonly ScanRow[]): number =>
  rows.reduce((n, row) => n + row.scannedBatches - row.hitL1.length, 0);
const distances = (rows: readonly ScanRow[]): number[] => rows.flatMap((row) => row.hitL1);
const noiseOf = (rows: readonly ScanRow[]): number[] => rows.flatMap((row) => row.noiseL1);
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const short = (x: number): string => (x === 0 ? "0" : Number.isFinite(x) ? x.toExponential(1) : "-");

const noise: Claim<ScanTrial, ScanStored> = {
  id: "maxpool/2",
  statement: "Identical programs on non-deterministic hardware: gradient noise, L1-sum norm",
  published: "below 1e-6 (fp32), below 1e-15 (fp64), 0 (fp16)",
  rule: `LeNet-MNIST; our kernels are deterministic, so noise is that of the same samples in a random order, which permutes the blocks of every sum over them: the largest L1 sum is below 1e-6 in 32 bits, below 1e-15 in 64 bits, and exactly 0 in 16 bits; at least ${noisy} mini-batches per format`,
  evaluate(rows) {
    const found = formats.map((format) => noiseOf(cellRows(rows, "lenet", intended, format)));
    const [half, single, double] = found.map(largest);
    const ours = `largest L1 sum: fp16 ${short(half)}, fp32 ${short(single)}, fp64 ${short(double)} (${found.map((values) => values.length).join("/")} mini-batches, sums of float32 in fp16)`;
    if (found.some((values) => values.length < noisy)) return { verdict: "undecided", ours };
    return { verdict: half === 0 && single < 1e-6 && double < 1e-15 ? "holds" : "fails", ours };
  },
};

const differences: Claim<ScanTrial, ScanStored> = {
  id: "maxpool/3",
  statement: "LeNet-MNIST: differences between the two compared programs",
  published: "fp16: all in [1e-4, 1e-1), 0.2 / 48.6 / 51.2 % per decade; deterministic fp32 and fp64: 0",
  rule: "as intended (native against minimal, ReLU'(0) = 0 in both): every mini-batch's L1 sum lies in [1e-4, 1e-1) in 16 bits and is exactly 0 in 32 and 64 bits; the swapped call of flaw F3 is reported beside it; at least 469 mini-batches per format",
  evaluate(rows) {
    const text = (kinks: string): string =>
      formats
        .map((format) => {
          const cell = cellRows(rows, "lenet", kinks, format);
          const values = distances(cell);
          return `${format} ${zerosOf(cell)} zero, ${values.length} in ${short(least(values))} .. ${short(largest(values))}`;
        })
        .join("; ");
    const ours = `intended: ${text(intended)}. Swapped: ${text(swapped)}`;
    const cells = formats.map((format) => cellRows(rows, "lenet", intended, format));
    if (cells.some((cell) => cell.reduce((n, row) => n + row.scannedBatches, 0) < 469))
      return { verdict: "undecided", ours };
    const [half, single, double] = cells.map(distances);
    const inside = zerosOf(cells[0]) === 0 && least(half) >= 1e-4 && largest(half) < 1e-1;
    return { verdict: inside && single.length === 0 && double.length === 0 ? "holds" : "fails", ours };
  },
};

/** Published bars of deterministic_threshold_16 (papers/maxpool E3). */
const publishedHalf: Readonly<Record<string, number>> = { "-3": 0.213, "-2": 48.61, "-1": 51.17 };

function histogramPanel(
  title: string,
  groups: readonly (readonly [series: string, values: readonly number[], zeros: number])[],
  published = false,
): Panel[] {
  const full = groups.filter(([, values, zeros]) => values.length + zeros > 0);
  if (full.length === 0) return [];
  const histograms = full.map(([series, values, zeros]) => ({
    series,
    counts: histogram(values, zeros),
    total: values.length + zeros,
  }));
  const decades = [...new Set(histograms.flatMap(({ counts }) => [...counts.keys()]))].filter((label) => label !== "0");
  const labels = ["0", ...decades.sort((a, b) => Number(a) - Number(b))];
  const bars = labels.flatMap((label) =>
    histograms.map(({ series, counts, total }, i): Bar => {
      const value = (100 * (counts.get(label) ?? 0)) / total;
      const beside =
        published && i === 0 && publishedHalf[label] !== undefined ? { published: publishedHalf[label] } : {};
      return { x: label, series, value, ...beside };
    }),
  );
  return [barPanel({ title, xLabel: "", yLabel: "mini-batches (%)", bars, yDomain: [0, 100] })];
}

function figure(rows: readonly ScanRow[]): FigureSpec {
  const of = (model: string, format: string): Panel[] => {
    const [own, swap] = [intended, swapped].map((kinks) => cellRows(rows, model, kinks, format));
    const still = noiseOf(own);
    const moved = still.filter((d) => d > 0);
    return histogramPanel(
      `${model}, ${format}`,
      [
        ["native against minimal", distances(own), zerosOf(own)],
        ["swapped: ReLU'(0) 0 against 1", distances(swap), zerosOf(swap)],
        ["identical, samples permuted", moved, still.length - moved.length],
      ],
      model === "lenet" && format === "float16",
    );
  };
  const models = [...new Set(rows.map((row) => row.model))];
  const others = beyond.filter((format) => rows.some((row) => row.format === format));
  const batches = rows.reduce((n, row) => n + row.scannedBatches, 0);
  return {
    title: "Size of the differences between two MaxPool Jacobians, and of rounding alone",
    caption: `L1 norms of the difference summed over parameters; a bar labelled e holds [10^(e-1), 10^e), 0 holds exact zeros. ${batches} mini-batches of 128 in all; LeNet-MNIST (x - 0.5) / 0.5 and VGG11-CIFAR10, default init. Diamonds: published, fp16, deterministic.`,
    panels: models.flatMap((model) => [...formats, ...others].flatMap((format) => of(model, format))),
    columns: 2,
    publishedLabel: "published (LeNet, fp16)",
  };
}

const { parameters } = scanMeasurement;

export const threshold: Experiment<ScanTrial, ScanStored> = experiment({
  id: "maxpool/threshold",
  paper: "maxpool",
  source: "E3; threshold notebook",
  title: "Thresholds and histograms of gradient differences",
  ...scanMeasurement,
  parameters: {
    ...parameters,
    model: { ...parameters.model, default: "lenet" },
    data: { ...parameters.data, default: "mnist" },
    init: { ...parameters.init, default: "default" },
  },
  grid,
  figure,
  claims: [noise, differences],
});
