/** E7: a subset of CIFAR10, whole and projected on its first principal components. */
import { type Points, unitRows } from "../../src/analysis/spectra/points.ts";
import { componentsFor, type Principal, principalComponents } from "../../src/analysis/spectra/principal.ts";
import type { ImageSet } from "../../src/data/image-set.ts";
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
import { measureRow, medianPoint, type SpectrumRow, show } from "./spectrum-row.ts";
import { labels, type TrainingRow, trainingRow } from "./training-trial.ts";

interface CifarTrial {
  readonly data: string;
  readonly activation: string;
  readonly n: number;
  /** Principal components; 0: all pixels. */
  readonly components: number;
  /** Units; 0: infinite. */
  readonly width: number;
  /** Steps of training at 1 / lambda_max; 0: none. */
  readonly steps: number;
}

interface CifarRow extends SpectrumRow {
  /** Components that hold 90, 95 and 99 % of the energy. */
  readonly energy: readonly number[];
  readonly training: TrainingRow | null;
}
type Stored = StoredRow<CifarTrial, CifarRow>;

const activations = ["relu", "selu", "elu", "tanh", "swish"];
const components = [2, 3, 5, 10, 50, 0];

function grid(scale: Scale, { data }: CifarTrial): Partial<CifarTrial>[] {
  if (scale === "quick") {
    return ["relu", "tanh"].flatMap((activation) => [
      { data: "mnist", activation, n: 20, components: 2 },
      { data: "mnist", activation, n: 20 },
    ]);
  }
  const n = scale === "minimal" ? 1000 : 5000;
  const infinite = activations.flatMap((activation) => components.map((k) => ({ data, activation, n, components: k })));
  const finite = activations.map((activation) => ({
    data,
    activation,
    n: 200,
    components: 50,
    width: scale === "minimal" ? 8192 : 100_000,
    steps: 300,
  }));
  return [...infinite, ...finite];
}

/** Images of one process: rows of unit norm, and their components. */
const kept = new Map<string, { points: Points; principal: Principal }>();

function prepared(set: ImageSet, n: number): { points: Points; principal: Principal } {
  const key = `${set.name} ${set.checksum} ${n}`;
  const found = kept.get(key);
  if (found !== undefined) return found;
  const d = set.images.length / set.count;
  const points = unitRows(set.name, Float64Array.from(set.images.subarray(0, n * d)), n, d);
  const made = { points, principal: principalComponents(points) };
  kept.set(key, made);
  return made;
}

function trial({ data, activation, n, components: k, width, steps }: CifarTrial, context: TrialContext): CifarRow[] {
  const { points: all, principal } = prepared(context.data(data), n);
  const points = k === 0 ? all : principal.project(k);
  const { seed, signal } = context;
  const row = measureRow(activation, { points, seed, signal, ...(width === 0 ? {} : { width }) });
  const training =
    steps === 0
      ? null
      : trainingRow(
          points,
          labels(n, seed, 0),
          { activation, width, steps, step: "largest", eta: 0, replica: 0, weightFormat: "", alpha: 0 },
          context,
        );
  return [{ ...row, energy: [0.9, 0.95, 0.99].map((share) => componentsFor(principal, share)), training }];
}

const whole = (rows: readonly Stored[]): Stored[] =>
  rows.filter((row) => row.data === "cifar10" && row.width === 0 && row.components === 0);

const claim: Claim<CifarTrial, CifarRow> = {
  id: "activations/C10",
  statement: "CIFAR10 subset: lambda_min / lambda_max in the order relu > selu > tanh > swish, all far above rounding",
  published: "the paper has such an experiment, no number is known; the prediction is ours (E7 b)",
  rule: "1000 images or more, all pixels, infinite width: the four ratios are in this order, and every smallest eigenvalue is above 1e3 times its error bound",
  evaluate(rows) {
    const found = ["relu", "selu", "tanh", "swish"].map((name) =>
      whole(rows).find((row) => row.activation === name && row.n >= 1000),
    );
    if (found.some((row) => row === undefined)) return { verdict: "undecided", ours: "cells are missing" };
    const four = found as Stored[];
    const ratios = four.map((row) => row.lambdaMin / row.lambdaMax);
    const ordered = ratios.slice(1).every((ratio, i) => ratio < ratios[i]);
    const clear = four.every((row) => row.lambdaMin > 1e3 * row.floor);
    const ours = four
      .map(
        (row, i) =>
          `${row.activation} ${ratios[i].toExponential(2)} (lambda_min ${show(row)}, pair bound ${row.law?.toExponential(2)})`,
      )
      .join("; ");
    return { verdict: ordered && clear ? "holds" : "fails", ours, rows: 4 };
  },
};

function figure(rows: readonly Stored[]): FigureSpec {
  const infinite = rows.filter((row) => row.width === 0);
  const pixels = 3072;
  const points = activations.flatMap((series) =>
    components.flatMap((k) => {
      const found = infinite.filter((row) => row.activation === series && row.components === k);
      return found.length === 0 ? [] : [medianPoint(series, k === 0 ? pixels : k, found)];
    }),
  );
  const bounds = infinite.filter((row) => row.activation === "relu" && row.law !== null && row.law > 0);
  const trained = rows.flatMap((row) => (row.training === null ? [] : [{ name: row.activation, ...row.training }]));
  const first = infinite[0];
  const curves = lineWithBand({
    title: "training, 200 images, 50 components, step 1 / lambda_max",
    xLabel: "step + 1",
    yLabel: "loss over first loss",
    xScale: "log",
    yScale: "log",
    points: trained.flatMap(({ name, time, ratio }) => time.map((t, i) => ({ series: name, x: t + 1, y: ratio[i] }))),
  });
  return {
    title: `${first.data === "cifar10" ? "CIFAR10 (JPEG copy)" : first.data}: smallest eigenvalue by principal components`,
    caption: `${first.n} images of unit norm, infinite width; components of the centred images, renormalized; ${pixels} stands for all pixels. Energy: ${first.energy.join(", ")} components hold 90, 95, 99 %. Open triangles: upper limits. Diamonds: the bound of the closest pair, relu.`,
    panels: [
      lineWithBand({
        title: "infinite width",
        xLabel: "principal components",
        yLabel: "smallest eigenvalue",
        xScale: "log",
        yScale: "log",
        points,
        published: bounds.map((row) => ({ series: "relu", x: row.components || pixels, y: row.law as number })),
        dots: true,
      }),
      ...(trained.length > 0 ? [curves] : []),
    ],
    columns: 2,
    publishedLabel: "bound of the closest pair",
  };
}

export const cifar: Experiment<CifarTrial, CifarRow> = experiment({
  id: "activations/cifar",
  paper: "activations",
  source: "E7",
  title: "A subset of CIFAR10",
  parameters: {
    data: { type: "string", default: "cifar10", doc: "data set", choices: ["cifar10", "mnist"] },
    activation: { type: "string", default: "relu", doc: "name with parameters" },
    n: { type: "integer", default: 1000, doc: "first images of the training set", minimum: 2, maximum: 8192 },
    components: { type: "integer", default: 0, doc: "principal components; 0: all pixels", minimum: 0 },
    width: { type: "integer", default: 0, doc: "units; 0: infinite", minimum: 0 },
    steps: { type: "integer", default: 0, doc: "steps of training (finite width)", minimum: 0 },
  },
  scales: { quick: { data: "mnist" } },
  grid,
  data: ({ data }) => [{ name: data, split: "train" }],
  cost: ({ n, steps, width }) => n ** 3 + steps * width * n,
  trial,
  figure,
  claims: [claim],
});
