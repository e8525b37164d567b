/** E10 (ours): which ties matter: ties at 0, positive ties that see equal patches, positive ties of unrelated numbers? */
import { KinkReport, type KinkRow } from "../../src/analysis/kinks/report.ts";
import { modelNamed } from "../../src/analysis/zone/model.ts";
import { sampleOf } from "../../src/analysis/zone/parameters.ts";
import { precision } from "../../src/formats/precision.ts";
import {
  type Claim,
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
  type TrialContext,
} from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import { tauOf } from "./volume-cells.ts";

export interface TieTrial {
  readonly model: string;
  readonly data: string;
  readonly format: string;
  readonly batch: number;
  readonly batches: number;
  readonly init: string;
  readonly normalisation: string;
  readonly augmentation: string;
  readonly inits: number;
  readonly network: number;
}

/** One pool on one mini-batch: its ties by class, and what sharing them evenly there alone does to the gradient. */
export interface TieRecord {
  readonly dataVariant: string;
  readonly miniBatch: number;
  readonly layer: string;
  readonly windows: number;
  readonly ties: number;
  readonly atZero: number;
  readonly positive: number;
  readonly sameField: number;
  readonly samePatch: number;
  readonly different: number;
  readonly l1: number;
  readonly linf: number;
  readonly l2: number | null;
  readonly reached: number;
  readonly verdict: KinkRow["verdict"];
}

type Stored = StoredRow<TieTrial, TieRecord>;

function trial(t: TieTrial, context: TrialContext): readonly TieRecord[] {
  const images = context.images(t.data);
  const model = modelNamed(t.model, sampleOf(images));
  const report = new KinkReport(model, images, {
    precision: precision(t.format),
    batch: t.batch,
    init: t.init,
    seed: context.seed,
    network: t.network,
    tiesOnly: true,
    loader: {
      augmentation: t.augmentation,
      ...(t.normalisation === "usual" ? {} : { normalisation: t.normalisation }),
    },
  });
  try {
    return Array.from({ length: t.batches }, (_, miniBatch) => {
      context.signal.throwIfAborted();
      if (miniBatch > 0) report.load(miniBatch);
      const rows = [...report.rows()].flatMap(({ layer, ties, d, reaches, verdict }): TieRecord[] =>
        ties === null
          ? []
          : [
              {
                dataVariant: images.variant,
                miniBatch,
                layer,
                ...ties,
                l1: d.l1,
                linf: d.linf,
                l2: d.l2,
                reached: reaches.length,
                verdict,
              },
            ],
      );
      context.progress((miniBatch + 1) / t.batches);
      return rows;
    }).flat();
  } finally {
    report.dispose();
  }
}

type Cell = Partial<TieTrial>;

const formats = ["float32", "float16", "float64", "bfloat16", "tfloat32", "float8_e5m2"];

/** LeNet on MNIST; with `data=cifar10` VGG11 and its variants. */
function grid(scale: Scale, parameters: TieTrial): Cell[] {
  const photographs = parameters.data === "cifar10";
  const base: Cell = photographs
    ? { model: "vgg11", data: "cifar10", augmentation: "crop-flip", init: "maxpool", normalisation: "usual" }
    : {};
  if (scale === "quick") return ["float32", "float16"].map((format) => ({ ...base, format, batch: 8, batches: 2 }));
  const networks = parameters.inits || (scale === "paper" ? 10 : 3);
  const variants = photographs
    ? ["vgg11", "vgg11:pool-first", "vgg11:pool-3x3", "vgg11-bn"]
    : ["lenet", "lenet:pool-first", "lenet:pool-3x3"];
  const batches = photographs ? 5 : 20;
  const main = formats.flatMap((format) =>
    Array.from({ length: photographs ? 1 : networks }, (_, network) => ({ ...base, format, network, batches })),
  );
  const others = variants
    .slice(1)
    .flatMap((model) =>
      ["float32", "float16"].map((format) => ({ ...base, model, format, batches: Math.ceil(batches / 2) })),
    );
  return [...main, ...others];
}

/** What the ties of a pool on a mini-batch are, at most. */
type Class = "none" | "at 0" | "equal fields" | "equal patches" | "different";

function classOf({ ties, positive, samePatch, different }: Stored): Class {
  if (ties === 0) return "none";
  if (positive === 0) return "at 0";
  if (different > 0) return "different";
  return samePatch > 0 ? "equal patches" : "equal fields";
}

const classes: readonly Class[] = ["at 0", "equal fields", "equal patches", "different"];

/** Pools after a ReLU, where ties at 0 should be silent. */
const plain = (rows: readonly Stored[]): Stored[] =>
  rows.filter((row) => !row.model.includes(":pool-first") && ["float16", "float32", "float64"].includes(row.format));

const claim: Claim<TieTrial, TieRecord> = {
  id: "maxpool/18",
  statement:
    "With ReLU'(0) = 0, ties at 0 contribute nothing; positive ties of identical patches give a compensation-size d; ties of different patches give d above tau",
  published: "ours [derived], expected, to be checked",
  rule: "pools after ReLU in 16, 32 and 64 bits, each pool on each mini-batch by itself (first against even there alone): d is exactly 0 wherever all ties are at 0; wherever positive ties see equal fields of the image only, the exact judge finds no bifurcation; wherever some see different patches, d exceeds the paper's tau (L-infinity sum) in at least 95 % of cases; at least 20 cases of each kind",
  evaluate(stored) {
    const rows = plain(stored);
    const of = (kind: Class): Stored[] => rows.filter((row) => classOf(row) === kind);
    const [zero, field, patch, different] = classes.map(of);
    const loud = zero.filter((row) => row.l1 > 0).length;
    const bifurcating = field.filter((row) => row.verdict === "bifurcation").length;
    const overTau = different.filter((row) => row.linf > tauOf(row.format)).length;
    const seen = different.filter((row) => row.verdict === "bifurcation").length;
    const ours = `at 0: ${loud} of ${zero.length} differ; equal fields: ${bifurcating} of ${field.length} bifurcate; equal patches in different fields: ${patch.length}; different: ${overTau} of ${different.length} above tau, ${seen} bifurcate by the exact judge`;
    if (loud > 0 || bifurcating > 0) return { verdict: "fails", ours };
    if (zero.length < 20 || field.length < 20 || different.length < 20) return { verdict: "undecided", ours };
    return { verdict: overTau >= 0.95 * different.length ? "holds" : "fails", ours };
  },
};

function figure(rows: readonly Stored[]): FigureSpec {
  const models = [...new Set(rows.map((row) => row.model))];
  const floor = 1e-20;
  const panels = models.flatMap((model) => {
    const own = [...new Set(rows.filter((row) => row.model === model).map((row) => row.format))];
    return own.map((format) => {
      const cell = rows.filter((row) => row.model === model && row.format === format);
      const points = classes.flatMap((series) => {
        const values = cell
          .filter((row) => classOf(row) === series)
          .map((row) => Math.max(floor, row.linf))
          .sort((a, b) => a - b);
        return values.map((x, i) => ({ series, x, y: (100 * (i + 1)) / values.length }));
      });
      const tau = tauOf(format);
      return lineWithBand({
        title: `${model}, ${format}`,
        xLabel: "L-infinity sum of the difference (0 drawn at 1e-20)",
        yLabel: "pools with at most this (%)",
        xScale: "log",
        points,
        dots: true,
        ...(tau > 0 ? { events: [{ x: tau, label: "tau" }] } : {}),
      });
    });
  });
  const counts = classes.map((kind) => {
    const own = rows.filter((row) => classOf(row) === kind);
    return `${kind}: ${own.length} (${own.filter((row) => row.verdict === "bifurcation").length} bifurcations)`;
  });
  return {
    title: "Which ties matter: the difference made at one pool by its ties, by what they are",
    caption: `Each pool on each mini-batch, first against even there alone, ReLU'(0) = 0. The class is that of the most different tie: for 0, seeing equal fields of the image, equal patches of the convolution before, or unrelated numbers. Cases, and bifurcations by the exact judge: ${counts.join("; ")}.`,
    panels,
    columns: 2,
  };
}

export const whichTies: Experiment<TieTrial, TieRecord> = experiment({
  id: "maxpool/which-ties",
  paper: "maxpool",
  source: "E10 (ours)",
  title: "Which ties matter",
  parameters: {
    model: { type: "string", default: "lenet", doc: "the network" },
    data: { type: "string", default: "mnist", doc: "data set" },
    format: { type: "string", default: "float32", doc: "number format of every value" },
    batch: { type: "integer", default: 128, doc: "mini-batch size", minimum: 1 },
    batches: { type: "integer", default: 20, doc: "mini-batches, in file order", minimum: 1 },
    init: { type: "string", default: "default", doc: "law of the initial weights" },
    normalisation: {
      type: "string",
      default: "half",
      doc: "how pixels become inputs; usual: as the data set's papers do",
    },
    augmentation: { type: "string", default: "none", doc: "random changes of the images" },
    inits: {
      type: "integer",
      default: 0,
      doc: "networks per cell; 0: the scale's own numbers",
      minimum: 0,
      gridOnly: true,
    },
    network: { type: "integer", default: 0, doc: "number of the network", minimum: 0 },
  },
  data: ({ data }) => [{ name: data, split: "train" }],
  grid,
  trial,
  figure,
  claims: [claim],
});
