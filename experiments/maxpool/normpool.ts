/** NormPool's part of E3: how often, and by how much, the derivative at a computed norm of 0 changes a gradient. */
import { median } from "../../src/analysis/statistics.ts";
import { type Claim, type Experiment, experiment, type Scale } from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { type Bar, barPanel } from "../../src/lab/panels.ts";
import { type NormRecord, type NormStored, type NormTrial, normParameters, normTrial } from "./normpool-trial.ts";

const counts: Readonly<Record<Scale, { readonly base: number; readonly other: number }>> = {
  quick: { base: 1, other: 1 },
  minimal: { base: 6, other: 1 },
  paper: { base: 100, other: 20 },
};

/** In order of worth. A mean over 128 samples divides by 2^7: 8-bit gradients need a loss scale. */
const cells: readonly Partial<NormTrial>[] = [
  { format: "float16", squares: "rounded" },
  { format: "float16", squares: "accumulated" },
  { format: "bfloat16", squares: "rounded" },
  { format: "float32", squares: "rounded" },
  { format: "float8_e5m2", squares: "rounded", lossScale: 2 ** 12 },
  { format: "float8_e4m3", squares: "rounded", lossScale: 2 ** 12 },
  { format: "float8_e5m2", squares: "accumulated", lossScale: 2 ** 12 },
  { format: "float8_e4m3", squares: "accumulated", lossScale: 2 ** 12 },
  { format: "float16", squares: "rounded", lossScale: 2 ** 10 },
  { format: "float16", squares: "rounded", init: "default" },
];

function grid(scale: Scale, parameters: NormTrial): Partial<NormTrial>[] {
  const small = scale === "quick" ? { samples: 384, judged: 1 } : {};
  const { base, other } = counts[scale];
  return (scale === "quick" ? cells.slice(0, 3) : cells).flatMap((cell, i) =>
    Array.from({ length: parameters.inits || (i === 0 ? base : other) }, (_, network) => ({
      ...cell,
      ...small,
      network,
    })),
  );
}

/** Published mini-batches per decade of d (L1), in percent, by the decade's upper exponent; 46,900 mini-batches. */
const publishedDecades: readonly (readonly [label: string, percent: number])[] = [
  ["0", 3.17],
  ["-6", 0.064],
  ["-5", 16.99],
  ["-4", 51.65],
  ["-3", 28.12],
];
const publishedShare = 0.968;
const publishedLeast = 2 ** -23;
/** Half-width of the band about the published share: networks vary. */
const margin = 0.05;
/** 17 % of the published mini-batches lie below. */
const smallest = 1e-5;

const isBase = (row: NormStored): boolean =>
  row.format === "float16" && row.squares === "rounded" && row.lossScale === 1 && row.init === "maxpool";

const total = (rows: readonly NormStored[], of: (row: NormStored) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

const differs: Claim<NormTrial, NormRecord> = {
  id: "maxpool/19",
  statement: "NormPool LeNet fp16: the two zero conventions differ",
  published: "96.8 % of mini-batches; smallest non-zero d = 2^-23",
  rule: "float16, squares rounded before they are summed, batch 128: between 91.8 and 100 % of the mini-batches differ (96.8 +- 5), and the least non-zero d (sum of L1 norms) is a multiple of 2^-24, the format's own grid, below 1e-5; at least 4 networks and 1,800 mini-batches",
  evaluate(stored) {
    const rows = stored.filter(isBase);
    const batches = total(rows, (row) => row.batches);
    const differing = total(rows, (row) => row.differing.length);
    const share = differing / batches;
    const d = rows.flatMap((row) => row.l1);
    const low = least(d);
    const nets = rows.map((row) => row.differing.length / row.batches);
    const ours =
      batches === 0
        ? "no such rows"
        : `${percent(share)} of ${batches} mini-batches (networks: ${percent(least(nets))} .. ${percent(-least(nets.map((x) => -x)))}); ${d.length === 0 ? "no d above 0" : `least d ${low.toPrecision(3)}, median ${median(d).toPrecision(2)}`}`;
    if (rows.length < 4 || batches < 1800) return { verdict: "undecided", ours, rows: rows.length };
    const near = Math.abs(share - publishedShare) <= margin;
    const onGrid = Number.isInteger(low * 2 ** 24) && low >= publishedLeast / 2 && low < smallest;
    return { verdict: near && onGrid ? "holds" : "fails", ours, rows: rows.length };
  },
};

function labelOf({ format, lossScale, init }: NormStored): string {
  const scale = format === "float16" && lossScale !== 1 ? `, loss 2^${Math.log2(lossScale)}` : "";
  return `${format}${scale}${init === "maxpool" ? "" : `, ${init} law`}`;
}

/** The decade's upper exponent, or "0": the published histogram's labels. */
function decade(d: number): string {
  return d === 0 ? "0" : String(Math.floor(Math.log10(d)) + 1);
}

function shareBars(rows: readonly NormStored[]): Bar[] {
  const groups = [...new Set(rows.map(labelOf))];
  return groups.flatMap((x) =>
    (["rounded", "accumulated"] as const).flatMap((squares): Bar[] => {
      const own = rows.filter((row) => labelOf(row) === x && row.squares === squares);
      if (own.length === 0) return [];
      const dead = own.every((row) => row.differing.length === 0 && row.underflow.every((share) => share === 1));
      const value = dead
        ? Number.NaN
        : (100 * total(own, (row) => row.differing.length)) / total(own, (row) => row.batches);
      const beside = isBase(own[0]) ? { published: 100 * publishedShare } : {};
      return [{ x, series: `squares ${squares}`, value, ...beside }];
    }),
  );
}

function decadeBars(rows: readonly NormStored[]): Bar[] {
  const batches = total(rows, (row) => row.batches);
  const found = rows.flatMap((row) => [...row.l1, ...new Array<number>(row.batches - row.differing.length).fill(0)]);
  const labels = [...new Set([...publishedDecades.map(([label]) => label), ...found.map(decade)])];
  const order = labels.sort((a, b) => (a === "0" ? -1 : b === "0" ? 1 : Number(a) - Number(b)));
  return order.map((x) => {
    const known = publishedDecades.find(([label]) => label === x);
    const value = (100 * found.filter((d) => decade(d) === x).length) / Math.max(1, batches);
    return { x, series: "squares rounded", value, ...(known === undefined ? {} : { published: known[1] }) };
  });
}

/** Windows of norm 0 among a hundred thousand, per pool, on the first mini-batches. */
function windowsText(rows: readonly NormStored[]): string {
  const pools = rows[0]?.windows ?? [];
  const per = (of: "allZero" | "underflowed", pool: number): string =>
    ((1e5 * total(rows, (row) => row.windows[pool][of])) / total(rows, (row) => row.windows[pool].windows)).toPrecision(
      2,
    );
  return pools
    .map((_, pool) => `${Number(per("allZero", pool))} and ${per("underflowed", pool)} in pool ${pool + 1}`)
    .join(", ");
}

function figure(rows: readonly NormStored[]): FigureSpec {
  const base = rows.filter(isBase);
  const judged = total(rows, (row) => row.examined);
  return {
    title: "NormPool: derivative 0 against 1 at a computed norm of 0, LeNet on MNIST",
    caption:
      `One pass over MNIST per random network, batch 128, ${base.length} networks for float16 with rounded squares, ${rows.filter((row) => !isBase(row)).length} in all other cells together; ` +
      `strict, float32 sums; 8 bits: loss times 2^12. Of 100,000 windows (float16, squares rounded, first mini-batches) the norm is 0 because all entries are, or because squares of other entries underflow: ${windowsText(base)}. ` +
      `Only the second kind matters: ReLU'(0) = 0 silences the first. Below: mini-batches per decade of d, the sum of L1 norms of the difference, labelled by its upper exponent. ` +
      `Exact judge: ${total(rows, (row) => row.bifurcate)} of ${judged} judged mini-batches differ over the reals. Published: 46,900 mini-batches, 16 bits.`,
    panels: [
      barPanel({
        title: "Mini-batches that differ",
        xLabel: "",
        yLabel: "mini-batches (%)",
        bars: shareBars(rows),
        yDomain: [0, 100],
        aspect: 0.34,
      }),
      ...(base.length === 0
        ? []
        : [
            barPanel({
              title: "float16: size of d",
              xLabel: "upper exponent of the decade",
              yLabel: "mini-batches (%)",
              bars: decadeBars(base),
              aspect: 0.34,
            }),
          ]),
    ],
    columns: 1,
  };
}

export const normpool: Experiment<NormTrial, NormRecord> = experiment({
  id: "maxpool/normpool",
  paper: "maxpool",
  source: "E3, NormPool",
  title: "Euclidean norm pools at a computed norm of 0",
  parameters: normParameters,
  grid,
  data: () => [{ name: "mnist", split: "train" }],
  cost: ({ samples }) => samples,
  trial: normTrial,
  published: { share: publishedShare, least: publishedLeast },
  figure,
  claims: [differs],
});
