/** 8.2: one loss scale, a dynamic one, and powers of two per layer from the rate, in trainings in 16 and 8 bits. */
import { mean } from "../../src/analysis/statistics.ts";
import { type Experiment, experiment, type Scale, type StoredRow } from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";
import { type LossScaleRow, type LossScaleTrial, lossScaleTrial } from "./loss-scale-trial.ts";
import { rowsWith } from "./network-trial.ts";

type Stored = StoredRow<LossScaleTrial, LossScaleRow>;

const formats = ["float16", "float8_e5m2"];

/** 20 blocks learn the task; 50 and 100 do not in so few steps, in no format, but their gradients span more. */
function grid(scale: Scale): Partial<LossScaleTrial>[] {
  if (scale === "quick") {
    const net = { depth: 3, width: 8, batch: 16, steps: 3, replicas: 1 };
    const cells = (["fixed", "dynamic"] as const).map((scaling) => ({ ...net, format: "float16", scaling }));
    return [...cells, { ...net, format: "float8_e5m2", scaling: "dynamic", layers: true }];
  }
  const replicas = scale === "paper" ? 10 : 2;
  const nets = [
    { depth: 20, width: 128, optimizer: "sgd", steps: 200 },
    { depth: 50, width: 128, optimizer: "lalc-like-a:tau=0.02", steps: 100 },
    // Adam bounds the steps of beta too, whose norm is 0: 100 blocks below the top they would leave the range.
    { depth: 100, width: 64, optimizer: "adam", lr: 0.001, steps: 100 },
  ];
  return nets.flatMap((net) => [
    { ...net, format: "float32", scaling: "fixed" as const, replicas },
    ...formats.flatMap((format) =>
      [false, true].flatMap((layers) =>
        (["fixed", "dynamic"] as const).map((scaling) => ({ ...net, format, layers, scaling, replicas })),
      ),
    ),
  ]);
}

const lost = (rows: readonly Stored[]): number => mean(rows.map((row) => row.lostToInfinity + row.lostToZero));
const short = (x: number): string => String(Number(x.toPrecision(2)));

/** Rows of one cell by scale, in the order of the trial. */
function byScale(rows: readonly Stored[]): (readonly [scale: string, rows: readonly Stored[]])[] {
  return [...new Set(rows.map((row) => row.scale))].map((scale) => [
    scale,
    rowsWith(rows, { scale } as Partial<Stored>),
  ]);
}

/** The power that loses the fewest blocks; of equals the one with the least test loss. */
export function bestFixed(rows: readonly Stored[]): readonly [scale: string, rows: readonly Stored[]] | undefined {
  const cells = byScale(rows.filter(({ scaling }) => scaling === "fixed"));
  const finite = (cell: readonly Stored[]): number => {
    const loss = mean(cell.map((row) => row.testLoss));
    return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
  };
  const skips = (cell: readonly Stored[]): number => mean(cell.map((row) => row.skipped));
  const worth = ([, cell]: readonly [string, readonly Stored[]]): readonly number[] => [
    skips(cell) + lost(cell),
    finite(cell),
  ];
  return cells.toSorted((a, b) => {
    const [x, y] = [worth(a), worth(b)];
    return x[0] - y[0] || x[1] - y[1];
  })[0];
}

const label = ({ format, layers }: Pick<Stored, "format" | "layers">): string =>
  `${format}${layers ? ", per layer" : ""}`;

function cellsAt(rows: readonly Stored[], depth: number): (readonly Stored[])[] {
  return formats
    .flatMap((format) => [false, true].map((layers) => rowsWith(rows, { format, layers, depth } as Partial<Stored>)))
    .filter((cell) => cell.length > 0);
}

function powersPanel(rows: readonly Stored[], depth: number): Panel {
  const points = cellsAt(rows, depth).flatMap((cell) =>
    byScale(cell.filter(({ scaling }) => scaling === "fixed")).map(
      ([scale, own]): Point => ({ series: label(cell[0]), x: Number(scale.slice(2)), y: lost(own) }),
    ),
  );
  return lineWithBand({
    title: `${depth} blocks: lost under one scale`,
    xLabel: "binary logarithm of the loss scale",
    yLabel: "blocks, mean over the steps",
    points,
    dots: true,
  });
}

function stepsPanel(rows: readonly Stored[], depth: number): Panel {
  const points = cellsAt(rows, depth).flatMap((cell) => {
    const own = cell.filter(({ scaling, scale }) => scaling === "dynamic" && scale !== "dynamic");
    const steps = Math.min(...own.map((row) => row.lost.length));
    return Array.from(
      { length: own.length === 0 ? 0 : steps },
      (_, x): Point => ({
        series: label(cell[0]),
        x,
        y: mean(own.map((row) => row.lost[x])),
      }),
    );
  });
  return lineWithBand({
    title: `${depth} blocks: lost under a dynamic scale`,
    xLabel: "step",
    yLabel: "blocks",
    points,
  });
}

/** "float16 2^8, 9 skipped": the best fixed scale, and steps that a dynamic one skips. */
function sentence(cell: readonly Stored[]): string {
  const best = bestFixed(cell);
  const dynamic = cell.filter(({ scale }) => scale === "dynamic");
  const skipped = dynamic.length === 0 ? "" : `, ${short(mean(dynamic.map((row) => row.skipped)))} skipped`;
  const lostAny = best !== undefined && lost(best[1]) > 0 ? ` (loses ${short(lost(best[1]))})` : "";
  return `${label(cell[0])} ${best === undefined ? "-" : best[0]}${lostAny}${skipped}`;
}

function figure(rows: readonly Stored[]): FigureSpec {
  const depths = [...new Set(rows.map(({ depth }) => depth))];
  const said = depths.map((depth) => `${depth} blocks: ${cellsAt(rows, depth).map(sentence).join("; ")}.`);
  const deep = depths.at(-1) as number;
  const middle = depths.at(-2) ?? deep;
  return {
    title: "Loss scales in training: one, dynamic, per layer",
    caption: `Mixture easy, batch ${rows[0].batch}, master weights in float32. Lost: blocks whose weight gradient has an entry that is not finite or is 0 in more than half of its entries, mean over the steps. The best fixed scale, and the steps that the dynamic one from 65536 skips: ${said.join(" ")}`,
    panels: [...new Set([middle, deep])].flatMap((depth) => [powersPanel(rows, depth), stepsPanel(rows, depth)]),
    columns: 2,
  };
}

export const lossScale: Experiment<LossScaleTrial, LossScaleRow> = experiment({
  id: "bn-relu/loss-scale",
  paper: "bn-relu",
  source: "8.2; E11",
  title: "Loss scales in training",
  parameters: {
    format: { type: "string", default: "float16", doc: "number format of all but the master weights" },
    layers: { type: "boolean", default: false, doc: "powers of two per layer, from the rate at initialization" },
    scaling: {
      type: "string",
      default: "fixed",
      doc: "of the loss: every power of two, or dynamic",
      choices: ["fixed", "dynamic"],
    },
    depth: { type: "integer", default: 20, doc: "blocks", minimum: 2, maximum: 1000 },
    width: { type: "integer", default: 128, doc: "units", minimum: 1, maximum: 16_384 },
    batch: { type: "integer", default: 128, doc: "samples of a step", minimum: 4, maximum: 8192 },
    steps: { type: "integer", default: 200, doc: "steps", minimum: 1, maximum: 100_000 },
    optimizer: { type: "string", default: "sgd", doc: "as --optimizer of train" },
    lr: { type: "number", default: 0.05, doc: "learning rate" },
    replicas: { type: "integer", default: 2, doc: "networks and data", minimum: 1, maximum: 1000 },
  },
  grid,
  cost: ({ depth, width, batch, steps, replicas, scaling, format }) =>
    (depth * width * width * batch * steps * replicas * (scaling === "fixed" ? 11 : 2)) /
    (format === "float32" ? 11 : 1),
  trial: lossScaleTrial,
  figure,
  claims: [],
});
