/** E4: for what share of mini-batches does the choice at ties change the gradient beyond rounding? Depth, batch size, batch norm. */
import { clopperPearson } from "../../src/analysis/statistics.ts";
import { type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { type Bar, barPanel } from "../../src/lab/panels.ts";
import {
  above,
  agreement,
  draws,
  onPlannedRows,
  type ScanRow,
  type ScanStored,
  type ScanTrial,
  scanMeasurement,
} from "../zone-scan.ts";
import { publishedShare } from "./published.ts";
import { batchModel, batchSizes, cellRows, depths, sweepImages, tauOf } from "./volume-cells.ts";
import { volumeClaims } from "./volume-claims.ts";

type Cell = Partial<ScanTrial>;

/** The exact judge costs pullbacks of its own; where it is not the question, or nearly every mini-batch differs, it looks at few. */
const fewJudged = 5;
const judged = (format: string): Cell => (format === "float32" || format === "float64" ? {} : { exact: fewJudged });

const numbers: Readonly<
  Record<Exclude<Scale, "quick">, { readonly draws: number; readonly full: number; readonly sizes: readonly number[] }>
> = {
  minimal: { draws: 3, full: 391, sizes: batchSizes },
  paper: { draws: 5, full: 391, sizes: [...batchSizes, 1024] },
};

function grid(scale: Scale, parameters: ScanTrial): Cell[] {
  if (scale === "quick") {
    const tiny = { batch: 4, batches: 2, exact: 1 };
    return ["float32", "float16"].map((format) => ({ ...tiny, format }));
  }
  const { draws: count, full, sizes } = numbers[scale];
  const first = { batches: sweepImages / 128 };
  const base = (format: string, over: Cell): Cell => ({ format, ...judged(format), ...over });
  const sweep = (over: Cell): Cell => base("float32", { exact: fewJudged, ...over });
  const [once, ...more] = draws(base("float32", { batches: full }), parameters.inits || count);
  // What most claims need comes first: an interrupted run has it.
  return [
    once,
    base("float32", { model: "vgg11-bn", batches: full, exact: fewJudged }),
    ...["vgg11", "vgg11-bn"].map((model) => base("float64", { ...first, model, draw: "format" })),
    base("float16", { batches: full }),
    ...depths.slice(1).map((model) => sweep({ ...first, model })),
    ...sizes
      .filter((batch) => batch !== 128)
      .map((batch) => sweep({ model: batchModel, batch, batches: sweepImages / batch })),
    base("float16", { model: "vgg11-bn", batches: full }),
    ...["bfloat16", "tfloat32"].map((format) => base(format, { batches: 10 })),
    ...["float8_e4m3", "float8_e5m2"].map((format) => base(format, { batches: 10, lossScale: 2 ** 12 })),
    ...["vgg11:pool-first", "vgg11:pool-3x3"].map((model) => sweep({ ...first, model })),
    ...depths.slice(1).map((model) => base("float16", { batches: 10, model })),
    ...depths.slice(1).map((model) => base("float64", { batches: 10, model, draw: "format" })),
    ...["vgg11:pool-first", "vgg11:pool-3x3"].map((model) => base("float16", { batches: 10, model })),
    ...more,
  ];
}

function bar(rows: readonly ScanRow[], x: string, format: string, published?: number, series = format): Bar[] {
  if (rows.length === 0) return [];
  const { hits, batches } = above(rows, tauOf(format));
  const { low, high } = clopperPearson(hits, batches);
  const beside = published === undefined ? {} : { published };
  return [{ x, series, value: (100 * hits) / batches, low: 100 * low, high: 100 * high, ...beside }];
}

const plain = ["float16", "float32", "float64"] as const;

function panel(title: string, bars: readonly Bar[]): Panel[] {
  return bars.length === 0
    ? []
    : [barPanel({ title, xLabel: "", yLabel: "mini-batches above tau (%)", bars, yDomain: [0, 100] })];
}

function figure(rows: readonly ScanRow[]): FigureSpec {
  const cells = (model: string, batch: number, format: string): ScanRow[] => cellRows(rows, model, batch, format);
  const across = (x: string, model: string, batch: number): Bar[] =>
    plain.flatMap((format) => bar(cells(model, batch, format), x, format, publishedShare(model, batch, format)));
  const {
    agree,
    judged: seen,
    bifurcations,
  } = plain.reduce(
    (sum, format) => {
      const found = agreement(
        rows.filter((row) => row.format === format),
        tauOf(format),
      );
      return {
        agree: sum.agree + found.agree,
        judged: sum.judged + found.judged,
        bifurcations: sum.bifurcations + found.bifurcations,
      };
    },
    { agree: 0, judged: 0, bifurcations: 0 },
  );
  const narrow = [...new Set(rows.map((row) => row.format))].filter(
    (format) => !(plain as readonly string[]).includes(format),
  );
  const variants = [...new Set(rows.map((row) => row.model))].filter((model) => model.includes(":"));
  return {
    title: "Mini-batches whose gradient depends on the choice at MaxPool ties beyond rounding, at init",
    caption:
      `VGG on CIFAR-10 (${[...new Set(rows.map((row) => row.dataVariant))].join(", ")}), file order, crop and flip, init of the volume notebook; first tied entry against an even split, ReLU'(0) = 0. ` +
      "Above tau: L-infinity norms summed over parameters exceed 1e-3 / 1e-7 / 1e-15 in 16 / 32 / 64 bits (any difference in other formats). Whiskers: Clopper-Pearson 95 % over mini-batches. " +
      `The exact judge saw ${seen} differing mini-batches, called ${bifurcations} bifurcations, and agreed with tau on ${agree}.`,
    panels: [
      ...panel(
        "depth, batch 128",
        depths.flatMap((model) => across(model, model, 128)),
      ),
      ...panel(
        `batch size, ${batchModel}`,
        [...batchSizes, 1024].flatMap((batch) => across(String(batch), batchModel, batch)),
      ),
      ...panel(
        "batch norm, VGG11",
        ["vgg11", "vgg11-bn"].flatMap((model) => across(model === "vgg11" ? "without" : "with", model, 128)),
      ),
      ...panel(
        "pools, batch 128",
        ["vgg11", ...variants].flatMap((model) => across(model.replace("vgg11:", ""), model, 128)),
      ),
      ...panel(
        "other formats, VGG11: any difference",
        narrow.flatMap((format) => bar(cells("vgg11", 128, format), format, format, undefined, "other")),
      ),
    ],
    columns: 2,
    publishedLabel: "published",
  };
}

const parameters = {
  ...scanMeasurement.parameters,
  augmentation: { ...scanMeasurement.parameters.augmentation, default: "crop-flip" },
};

export const volume: Experiment<ScanTrial, ScanStored> = experiment({
  id: "maxpool/volume",
  paper: "maxpool",
  source: "E4; volume notebook",
  title: "Volume of the numerical bifurcation zone of MaxPool",
  ...scanMeasurement,
  parameters,
  grid,
  figure,
  claims: volumeClaims.map((claim) => onPlannedRows(parameters, claim)),
});
