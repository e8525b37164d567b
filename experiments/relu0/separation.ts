/** E1: two trainings that differ only in ReLU'(0) separate at the first exactly zero pre-activation. */
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { heatmap } from "../../src/lab/heatmap.ts";
import { lineWithBand } from "../../src/lab/panels.ts";
import {
  type SeparationRecord,
  type SeparationStored,
  type SeparationTrial,
  separationParameters,
  separationTrial,
} from "./separation-trial.ts";

const formats = ["float32", "float64"] as const;
const seeds: Readonly<Record<Scale, Readonly<Record<(typeof formats)[number], number>>>> = {
  quick: { float32: 1, float64: 1 },
  minimal: { float32: 20, float64: 5 },
  paper: { float32: 20, float64: 20 },
};
/** Published first zero: iteration 65 of one run (sample 117, unit 267). */
const publishedIteration = 65;
const gridStep = 5e-8;

function grid(scale: Scale, parameters: SeparationTrial): Partial<SeparationTrial>[] {
  const small = scale === "quick" ? { iterations: 3, recorded: 3, pictureSize: 20, model: "784-32-16-10" } : {};
  return formats.flatMap((format) =>
    Array.from({ length: parameters.seeds || seeds[scale][format] }, (_, replica) => ({ ...small, format, replica })),
  );
}

const of = (rows: readonly SeparationStored[], format: string): SeparationStored[] =>
  rows.filter((row) => row.format === format);
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
const leastPositive = (values: readonly number[]): number =>
  values.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Number.POSITIVE_INFINITY);

const never: Claim<SeparationTrial, SeparationRecord> = {
  id: "relu0/C1",
  statement: "Intro net, 64 bits: weights trained with alpha 1 and alpha 0 never separate",
  published: "difference exactly 0 over 100 iterations; min |z| in 1e-8..1e-5",
  rule: "float64: no seed is hit within an epoch (468 full mini-batches) and every recorded distance is exactly 0; at least 5 seeds",
  evaluate(rows) {
    const doubles = of(rows, "float64");
    const hits = doubles.filter((row) => row.firstHit !== null).length;
    const least = doubles.map((row) => leastPositive(row.leastActivation));
    const ours = `${hits} of ${doubles.length} seeds hit within ${largest(doubles.map((row) => row.scanned))} iterations; least min |z| of the first 100: ${largest(least) === 0 ? "none" : `${Math.min(...least).toExponential(1)} .. ${Math.max(...least).toExponential(1)}`}`;
    if (doubles.length < 5) return { verdict: "undecided", ours, rows: doubles.length };
    const apart = doubles.some((row) => largest([...row.product, ...row.overwrite, ...row.control]) > 0);
    return { verdict: hits === 0 && !apart ? "holds" : "fails", ours, rows: doubles.length };
  },
};

/** Exactly 0 up to and including the first hit, apart afterwards. */
function separatesAtHit(row: SeparationStored, distances: readonly number[]): boolean {
  const hit = row.firstHit;
  if (hit === null) return distances.every((d) => d === 0);
  return row.iteration.every((iteration, i) => (iteration <= hit ? distances[i] === 0 : distances[i] > 0));
}

const separates: Claim<SeparationTrial, SeparationRecord> = {
  id: "relu0/C2",
  statement:
    "Intro net, 32 bits: weights separate at the first exactly zero pre-activation and stay apart; the control stays 0",
  published: "exactly 0 until iteration 65 (theirs), non-zero from then on",
  rule: "float32: at least one seed is hit within an epoch; in every seed the distance is 0 up to the hit and positive after it, by product and by overwrite, and the control is 0 throughout; at least 10 seeds",
  evaluate(rows) {
    const singles = of(rows, "float32");
    const hits = singles.flatMap((row) => (row.firstHit === null ? [] : [row.firstHit]));
    const ours = `${hits.length} of ${singles.length} seeds hit, at iterations ${hits.length > 0 ? `${Math.min(...hits)} .. ${Math.max(...hits)}` : "-"}; zeros that change no gradient: ${singles.filter((row) => row.firstZero !== row.firstHit).length} seeds`;
    if (singles.length < 10) return { verdict: "undecided", ours, rows: singles.length };
    const good = singles.every(
      (row) => separatesAtHit(row, row.product) && separatesAtHit(row, row.overwrite) && largest(row.control) === 0,
    );
    return { verdict: good && hits.length > 0 ? "holds" : "fails", ours, rows: singles.length };
  },
};

/** The seed whose hit comes first: its curves are drawn. */
function earliest(rows: readonly SeparationStored[]): SeparationStored | undefined {
  return [...rows].sort(
    (a, b) => (a.firstHit ?? Number.POSITIVE_INFINITY) - (b.firstHit ?? Number.POSITIVE_INFINITY),
  )[0];
}

function curves(row: SeparationStored): Panel {
  const point = (series: string, values: readonly number[]) =>
    row.iteration.map((x, i) => ({ series, x, y: values[i] }));
  const hit = row.firstHit;
  return lineWithBand({
    title: `${row.format}: L1 distance of the weights (replica ${row.replica})`,
    xLabel: "iteration",
    yLabel: "L1 distance",
    yScale: "symlog",
    yConstant: 1e-6,
    points: [
      ...point("1 (overwrite) vs 0", row.overwrite),
      ...point("1 (product) vs 0", row.product),
      ...point("0 vs 0", row.control),
    ],
    events: hit === null ? [] : [{ x: hit, label: `first zero, ${hit}` }],
  });
}

/** The picture of the replica that is hit first in the first layer; where none is, of the first. */
function picturePanels(rows: readonly SeparationStored[]): Panel[] {
  const drawn = rows.filter((row) => row.picture !== null);
  const row = earliest(drawn.filter((candidate) => candidate.hitLayer === 0)) ?? drawn[0];
  if (row === undefined || row.picture === null) return [];
  const bytes = Uint8Array.from(Buffer.from(row.picture, "base64"));
  const size = row.pictureSize;
  const end = (size / 2) * gridStep;
  const { iteration, sample, unit } = row.pictureAt;
  return [
    heatmap({
      title: `${row.format}, replica ${row.replica}: |z|, iteration ${iteration}, sample ${sample}, unit ${unit}`,
      xLabel: "u",
      yLabel: "v",
      valueLabel: "|z|",
      x: [-end, end],
      y: [-end, end],
      columns: size,
      rows: size,
      values: new Float32Array(bytes.buffer),
      colorScale: "log",
      domain: [10 ** -9.8, 10 ** -5.2],
    }),
  ];
}

function figure(rows: readonly SeparationStored[]): FigureSpec {
  const shown = formats.flatMap((format) => earliest(of(rows, format)) ?? []);
  const hits = of(rows, "float32").flatMap((row) => (row.firstHit === null ? [] : [row.firstHit]));
  const [singles, doubles] = formats.map((format) => of(rows, format).length);
  return {
    title: "Weights trained with ReLU'(0) = 1 and 0 separate at the first exact zero",
    caption:
      `784-2000-128-10, MNIST, batch 128, SGD, lr 0.01 (1 + U / 5), strict, float32 (float64) sums in blocks of 256. float32: ` +
      `${hits.length} of ${singles} seeds separate within an epoch (published: one run, iteration ${publishedIteration}); float64: ` +
      `${of(rows, "float64").filter((row) => row.firstHit !== null).length} of ${doubles}. Curves: the seed that separates first. ` +
      `Below: the pre-activation of the first layer that came nearest to zero, on W1 + u P1 + v P2; white is exactly 0.`,
    panels: [...shown.map(curves), ...formats.flatMap((format) => picturePanels(of(rows, format)))],
    columns: 2,
  };
}

export const separation: Experiment<SeparationTrial, SeparationRecord> = experiment({
  id: "relu0/separation",
  paper: "relu0",
  source: "E1; introduction",
  title: "Weights that separate, and the picture of the zone",
  parameters: separationParameters,
  grid,
  data: () => [{ name: "mnist", split: "train" }],
  cost: ({ format, iterations }) => iterations * (format === "float64" ? 2 : 1),
  trial: separationTrial,
  published: { float32: { iteration: publishedIteration, sample: 117, unit: 267 } },
  figure,
  claims: [never, separates],
});
