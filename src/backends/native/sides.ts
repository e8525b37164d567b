/** The two sides of a contraction, and which of them is read where it is. */
import { type Shape, sizeOf } from "../../base/shape.ts";
import type { Access, ContractLoop } from "../../ir/loops.ts";
import type { ContractPlan } from "../wasm/contract-plan.ts";
import { walkOf } from "../wasm/walk.ts";
import type { TileShape } from "./tile.ts";

/** How much fewer sums repay results that are put in place one by one. */
const swapGain = 1.2;
/** Sides also change places for sums of so many terms, in runs, if one side is so many times the other: it is not packed then. */
const longSum = 512;
const longRun = 8;
const packingGain = 2;
/** Runs of lines that are copied as they are; runs of terms that are transposed. */
const shortRun = 4;

/** One side of a contraction: its lines, and where they are in the operand, the output and the bias. */
export interface Side {
  readonly shape: Shape;
  readonly access: Access;
  readonly lines: readonly number[];
  readonly terms: readonly number[];
  readonly output: readonly number[];
  readonly outputStride: number | undefined;
  readonly bias: readonly number[];
}

export interface Sides {
  readonly rows: Side;
  readonly columns: Side;
}

export function sidesOf({ batch, m, n, k, a, b, bias, output }: ContractLoop, plan: ContractPlan): Sides {
  const outer = batch.length;
  const part = (strides: readonly number[], from: number, shape: Shape): readonly number[] =>
    strides.slice(from, from + shape.length);
  const biases = bias?.strides ?? [...batch, ...m, ...n].map(() => 0);
  const { rows, columns } = plan.walks.output;
  return {
    rows: {
      shape: m,
      access: a,
      lines: part(a.strides, outer, m),
      terms: part(a.strides, outer + m.length, k),
      output: part(output.strides, outer, m),
      outputStride: rows.stride,
      bias: part(biases, outer, m),
    },
    columns: {
      shape: n,
      access: b,
      lines: part(b.strides, outer + k.length, n),
      terms: part(b.strides, outer, k),
      output: part(output.strides, outer + m.length, n),
      outputStride: columns.stride,
      bias: part(biases, outer + m.length, n),
    },
  };
}

/** Sums computed for a matrix, those that only fill up tiles included. */
function padded(rows: number, columns: number, { rows: kinds }: TileShape, lanes: number): number {
  const rest = rows % kinds[0];
  const height = rest === 0 ? 0 : ([...kinds].reverse().find((kind) => kind >= rest) as number);
  return (rows - rest + height) * Math.ceil(columns / lanes) * lanes;
}

/** Whether the side is patches of images: they overlap, and are nearer where they lie than packed. Lines of a matrix are far apart. */
const arePatches = ({ terms }: Side, k: Shape): boolean => walkOf(k, terms).axes.length > 1;

/** Whether panels of the side are made by transposition. */
function isTurned({ shape, lines, terms }: Side, k: Shape): boolean {
  return walkOf(shape, lines).run < shortRun && walkOf(k, terms).run >= shortRun;
}

/**
 * A product and its transpose have the same sums: the sides change places where that fills the tiles better, or where patches that would have
 * to be transposed become rows, which are read in place.
 */
export function isSwapped(
  { rows, columns }: Sides,
  k: Shape,
  shape: TileShape,
  lanes: number,
  isPlain: boolean,
): boolean {
  const [m, n] = [sizeOf(rows.shape), sizeOf(columns.shape)];
  if (padded(n, m, shape, lanes) * swapGain < padded(m, n, shape, lanes)) return true;
  const repays = isPlain && sizeOf(k) >= longSum && n >= packingGain * m && walkOf(k, columns.terms).run >= longRun;
  if (!repays || !arePatches(columns, k) || !isTurned(rows, k) || !isTurned(columns, k)) return false;
  return padded(n, m, shape, lanes) <= padded(m, n, shape, lanes) * swapGain;
}

export const inPlaceKinds = { none: 0, columns: 1, rows: 2 } as const;

/** Which side is read where it is: patches, as vectors of columns, or as rows that would have to be transposed. */
export function inPlaceOf({ rows, columns }: Sides, k: Shape, lanes: number): keyof typeof inPlaceKinds {
  const areVectors = sizeOf(columns.shape) % lanes === 0 && walkOf(columns.shape, columns.lines).run % lanes === 0;
  if (arePatches(columns, k) && areVectors) return "columns";
  return arePatches(rows, k) && isTurned(rows, k) ? "rows" : "none";
}
