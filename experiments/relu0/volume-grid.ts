/** The cells of E2: the paper's four sweeps, then the formats and arithmetics that go beyond it. */
import type { Scale } from "../../src/lab/experiment.ts";
import { baseModel, batches, depthModel, depths, widthModel, widths } from "./published.ts";
import { networks, type ZoneTrial } from "./zone-trial.ts";

type Cell = Partial<ZoneTrial>;

/** Networks per cell. `base`: 3 x 256 in 16 and 32 bits. */
interface Counts {
  readonly base: number;
  readonly other: number;
  readonly float64: number;
  readonly beyond: number;
}

const counts: Readonly<Record<Scale, Counts>> = {
  quick: { base: 2, other: 1, float64: 1, beyond: 1 },
  minimal: { base: 1000, other: 1000, float64: 100, beyond: 60 },
  paper: { base: 1000, other: 1000, float64: 1000, beyond: 1000 },
};

/** Loss scales that keep 8-bit gradients from underflowing: a mean over 256 samples divides by 2^8. */
const lossScales: Readonly<Record<string, number>> = { float8_e4m3: 2 ** 12, float8_e5m2: 2 ** 12 };

export const narrow: readonly Cell[] = [
  { format: "bfloat16" },
  { format: "float32", operands: "tfloat32" },
  { format: "float8_e4m3", lossScale: lossScales.float8_e4m3 },
  { format: "float8_e5m2", lossScale: lossScales.float8_e5m2 },
];

const sweeps: readonly Cell[] = [
  ...depths.filter((depth) => depth !== 3).map((depth) => ({ model: depthModel(depth) })),
  ...widths.filter((width) => width !== 256).map((width) => ({ model: widthModel(width) })),
];

const batchSweep: readonly Cell[] = batches.filter((batch) => batch !== 256).map((batch) => ({ batch }));

/** Other arithmetics of the base network. */
export const variations: readonly Cell[] = [
  { format: "float16", bias: "rounded" },
  { format: "bfloat16", bias: "rounded" },
  { format: "float16", accumulate: "float16" },
  { format: "bfloat16", accumulate: "bfloat16" },
  { format: "float8_e4m3", lossScale: lossScales.float8_e4m3, bias: "rounded" },
  { format: "float8_e5m2", lossScale: lossScales.float8_e5m2, bias: "rounded" },
  { format: "float16", flush: true },
  { format: "float16", block: 32 },
  { format: "float16", block: Number.POSITIVE_INFINITY },
  { format: "float32", block: 32 },
  { format: "float32", block: Number.POSITIVE_INFINITY },
  { format: "float16", model: `${baseModel}:no-first-relu` },
  { format: "float32", model: `${baseModel}:no-first-relu` },
  { format: "float32", arithmetic: "fused" },
];

function countOf(cell: Cell, scale: Scale): number {
  const { base, other, float64, beyond } = counts[scale];
  if (cell.format === "float64") return float64;
  const plain = cell.format === "float16" || (cell.format === "float32" && cell.operands === undefined);
  if (!plain) return beyond;
  const isBase = Object.keys(cell).every((key) => key === "format");
  return isBase ? base : other;
}

function across(cells: readonly Cell[], formats: readonly Cell[]): Cell[] {
  return formats.flatMap((format) => cells.map((cell) => ({ ...cell, ...format })));
}

/** Networks are measured in rounds over all cells: an interrupted run has some of each, and then more of each. */
const rounds: readonly number[] = [50, 200, Number.POSITIVE_INFINITY];

/** Cells in order of worth. */
export function volumeGrid(scale: Scale, parameters: ZoneTrial): Cell[] {
  const [half, single, double] = [{ format: "float16" }, { format: "float32" }, { format: "float64" }];
  const small = scale === "quick" ? { samples: 1024, batch: 256 } : {};
  const wide = (cell: Cell): boolean => cell.model === widthModel(1024);
  const cells: Cell[] =
    scale === "quick"
      ? [half, single, double, ...narrow, { format: "float16", bias: "rounded" }]
      : [
          ...[half, single, double],
          ...narrow,
          ...across(sweeps, [half]),
          ...across(batchSweep, [half]),
          ...variations,
          ...across(sweeps, [single]).filter((cell) => !wide(cell)),
          ...across(batchSweep, [single]),
          ...across(sweeps, narrow).filter((cell) => !wide(cell)),
          ...across(sweeps, [double]).filter((cell) => !wide(cell)),
          ...across(sweeps, [single, ...narrow, double]).filter(wide),
        ];
  const all = cells.flatMap((cell) => networks({ ...small, ...cell }, parameters.inits || countOf(cell, scale)));
  const round = ({ network = 0 }: Cell): number => rounds.findIndex((end) => network < end);
  return all.sort((a, b) => round(a) - round(b));
}
