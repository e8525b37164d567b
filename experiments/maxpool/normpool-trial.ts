/** NormPool's trial: one random LeNet, one pass over MNIST, the derivative 0 against 1 where a computed norm is 0. */
import { type ZeroNorms, zeroNorms } from "../../src/analysis/kinks/norms.ts";
import type { Distance } from "../../src/analysis/zone/difference.ts";
import { keptMeter, loaderOf, ZoneMeter } from "../../src/analysis/zone/meter.ts";
import { cellOf } from "../../src/analysis/zone/parameters.ts";
import type { Experiment, StoredRow, TrialContext } from "../../src/lab/experiment.ts";
import { canonicalJson } from "../../src/lab/json.ts";

export interface NormTrial {
  readonly model: string;
  readonly squares: "rounded" | "accumulated";
  readonly format: string;
  readonly batch: number;
  readonly samples: number;
  readonly lossScale: number;
  readonly init: string;
  /** Mini-batches per network that the exact judge looks at. */
  readonly judged: number;
  /** Networks per cell; 0 takes the scale's own numbers. */
  readonly inits: number;
  /** Which network. */
  readonly network: number;
}

export interface NormRecord {
  readonly batches: number;
  /** Mini-batches with a computed norm of 0. */
  readonly occur: number;
  /** Mini-batches whose gradients differ, and what each is apart by. */
  readonly differing: readonly number[];
  readonly l1: readonly number[];
  readonly linf: readonly number[];
  /** Relative L2 norm of the change of the whole gradient; null where the kept one is 0. */
  readonly l2: readonly (number | null)[];
  /** Of the mini-batches judged exactly: how many there are, and how many differ over the reals. */
  readonly examined: number;
  readonly bifurcate: number;
  /** Share of windows with norm 0 per pool, over all mini-batches; on the first one, why. */
  readonly zeroShare: readonly number[];
  readonly windows: readonly ZeroNorms[];
  /** Share of zero entries in each weight's gradient, on the first mini-batch. */
  readonly underflow: readonly number[];
}

export type NormStored = StoredRow<NormTrial, NormRecord>;

export const normParameters: Experiment<NormTrial, NormRecord>["parameters"] = {
  model: { type: "string", default: "lenet", doc: "network, its pools replaced by NormPool" },
  squares: {
    type: "string",
    default: "rounded",
    doc: "squares are rounded to the format before they are summed, or accumulated as they are",
    choices: ["rounded", "accumulated"],
  },
  format: { type: "string", default: "float16", doc: "number format of every value" },
  batch: { type: "integer", default: 128, doc: "mini-batch size", minimum: 1 },
  samples: { type: "integer", default: 60_000, doc: "samples of the training set, shuffled per network", minimum: 1 },
  lossScale: { type: "number", default: 1, doc: "power of two that multiplies the loss" },
  init: { type: "string", default: "maxpool", doc: "law of the initial weights" },
  judged: {
    type: "integer",
    default: 4,
    doc: "differing mini-batches per network that are judged exactly",
    minimum: 0,
  },
  inits: {
    type: "integer",
    default: 0,
    doc: "networks per cell; 0: the scale's own numbers",
    minimum: 0,
    gridOnly: true,
  },
  network: { type: "integer", default: 0, doc: "number of the network", minimum: 0 },
};

function cell({ model, squares, judged, ...trial }: NormTrial, seed: number): ReturnType<typeof cellOf> {
  return cellOf({
    ...trial,
    model: `${model}:pool-norm${squares === "rounded" ? "" : "-accumulated"}`,
    kinks: ["normPool.zero=0,1"],
    normalisation: "half",
    shuffle: true,
    all: true,
    exact: judged,
    seed,
  });
}

export function normTrial(trial: NormTrial, context: TrialContext): readonly NormRecord[] {
  const images = context.data("mnist", "train");
  const key = canonicalJson({ normpool: true, ...trial, network: 0, seed: context.seed });
  const measured = cell(trial, context.seed);
  let seen = 0;
  const scan = keptMeter(key, () => new ZoneMeter(images, measured, context.backend)).scan(trial.network, () => {
    context.progress((seen++ * trial.batch) / trial.samples);
    return context.signal.aborted;
  });
  context.signal.throwIfAborted();
  const { model, init, draw, precision } = measured;
  const loader = loaderOf(images, measured);
  const size = loader.size(0);
  const [x, labels] = [new Float64Array(size * images.channels * images.height * images.width), new Int32Array(size)];
  loader.write(trial.network, 0, x, labels);
  const weights = model.draw({ law: init, draw, format: precision.store }, context.seed, trial.network);
  const judged = scan.hits.filter(({ bifurcates }) => bifurcates !== null);
  const of = <K extends keyof Distance>(norm: K): Distance[K][] => scan.hits.map(({ d }) => d[norm]);
  return [
    {
      batches: scan.batches,
      occur: scan.occur,
      differing: scan.hits.map(({ batch }) => batch),
      l1: of("l1"),
      linf: of("linf"),
      l2: of("l2"),
      examined: judged.length,
      bifurcate: judged.filter(({ bifurcates }) => bifurcates === true).length,
      zeroShare: scan.layers.filter(({ compared }) => compared).map(({ on, elements }) => on / elements),
      windows: zeroNorms(model.loss(size), precision, { x, labels, ...weights }),
      underflow: scan.underflow,
    },
  ];
}
