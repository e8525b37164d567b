/**
 * The micro-kernel of contractions: a tile of rows x (vectors * lanes) sums over packed panels, one step per k.
 * How a step multiplies and adds is a `Steps`; tile shape and vector width are parameters.
 */
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import { float32Lanes, float64Lanes, type Lanes } from "./lanes.ts";

/** Arithmetic of a contraction, in vectors of float32 or float64 lanes. */
export interface Steps {
  /** Distinguishes functions that may be shared. */
  readonly name: string;
  readonly lanes: Lanes;
  /** sum = sum + a * b, rounded as the precision says. */
  multiplyAdd(f: FunctionBuilder, sum: Local, a: Local, b: Local): void;
  /** Pops two vectors of the accumulate format, pushes their rounded sum. */
  add(f: FunctionBuilder): void;
  /** Sums are held times this power of two. */
  readonly scale?: number;
  /** Replaces a vector of packed operands. */
  readonly prepare?: (f: FunctionBuilder) => void;
  /** Steps of k written out in the loop of a full tile. */
  readonly unroll: number;
}

export interface TileShape {
  readonly rows: number;
  readonly vectors: number;
  /** Columns of the last vector that exist. */
  readonly tail: number;
  /** Columns are read where they are, through tables of offsets, instead of from a packed panel. */
  readonly inPlace?: boolean;
}

/** Rows of the tiles of m rows: a last tile of one or two rows would have too few sums to hide the latency of additions. */
export function rowsPerTile(m: number): number {
  return m === 3 || m === 5 || m === 6 || m === 9 ? 3 : tileRows;
}

/** Full tiles: 8 sums, 2 columns, a row and a product fit 16 registers, of which V8 keeps one for itself. */
export const tileRows = 4;
export const tileVectors = 2;

/**
 * Panels of `a` hold each float64 twice: a plain load is cheaper than a load that repeats 8 bytes, which takes an
 * arithmetic unit on AMD cores. Repeating 4 bytes is free.
 */
export function repeats(lanes: Lanes): number {
  return lanes === float64Lanes ? 2 : 1;
}

/** Bytes of one k of a panel of `a` with this many rows. */
export function rowPanelBytes(lanes: Lanes, rows: number): number {
  return rows * repeats(lanes) * 2 ** lanes.logBytes;
}

/** Pushes the first `count` lanes at (address + offset); the rest are 0. */
export function pushLanes(f: FunctionBuilder, lanes: Lanes, address: Local, offset: number, count: number): void {
  f.get(address);
  if (count === lanes.count) f.memory("v128.load", offset, 2);
  else if (lanes === float64Lanes || count >= 2) f.memory("v128.load64_zero", offset, 2);
  else f.memory("v128.load32_zero", offset);
  if (lanes === float32Lanes && count === 3) {
    const low = f.local("v128");
    f.set(low)
      .get(address)
      .get(low)
      .laneMemory("v128.load32_lane", 2, offset + 8);
  }
}

/** Stores the first `count` lanes of `vector` at (address + offset). */
export function storeLanes(
  f: FunctionBuilder,
  lanes: Lanes,
  address: Local,
  offset: number,
  vector: Local,
  count: number,
): void {
  f.get(address).get(vector);
  if (count === lanes.count) f.memory("v128.store", offset, 2);
  else if (lanes === float64Lanes || count >= 2) f.laneMemory("v128.store64_lane", 0, offset);
  else f.laneMemory("v128.store32_lane", 0, offset);
  if (lanes === float32Lanes && count === 3)
    f.get(address)
      .get(vector)
      .laneMemory("v128.store32_lane", 2, offset + 8);
}

/**
 * A function (a, b, aEnd, from, to, rowBytes, mode, source, lines): panels `a` [k][rows] and `b` [k][vectors * lanes], k > 0 of them,
 * up to the address `aEnd`. Sums start from +0, or (mode & 1) from the tile at `from`; they are stored at `to`, or
 * (mode & 2) added to the tile there. Both tiles have `rowBytes` from row to row. With `inPlace` columns start at `source`;
 * `b` and `lines` are the addresses of the first term's and the first column's byte offset in their tables.
 */
export function emitTile(module: Module, steps: Steps, shape: TileShape, exportName?: string): FunctionBuilder {
  const { lanes } = steps;
  const { rows, vectors, tail, inPlace = false } = shape;
  const repeated = repeats(lanes) * 2 ** lanes.logBytes;
  const parameters = Array.from({ length: inPlace ? 9 : 7 }, () => "i32" as const);
  const f = module.function(parameters, [], exportName);
  const [a, b, aEnd, from, to, rowBytes, mode, source, lines] = f.parameters.keys();
  const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local("v128")));
  const columns = Array.from({ length: vectors }, () => f.local("v128"));
  const row = f.local("v128");
  const target = f.local("i32");
  const eachRow = (address: Local, use: (sums: readonly Local[]) => void): void => {
    sums.forEach((own, i) => {
      if (i > 0) f.get(address).get(rowBytes).op("i32.add").set(address);
      use(own);
    });
  };
  const eachVector = (address: Local, before: (offset: number, count: number, sum: Local) => void): void =>
    eachRow(address, (own) => {
      own.forEach((sum, v) => {
        before(v * 16, v === vectors - 1 ? tail : lanes.count, sum);
      });
    });
  const [offset, ...starts] = inPlace ? Array.from({ length: vectors + 1 }, () => f.local("i32")) : [];
  starts.forEach((start, v) => {
    f.get(source)
      .get(lines)
      .memory("i32.load", v * lanes.count * 4)
      .op("i32.add")
      .set(start);
  });
  const loadColumns = (): void => {
    if (inPlace) f.get(b).memory("i32.load").set(offset);
    columns.forEach((column, v) => {
      if (inPlace) f.get(starts[v]).get(offset).op("i32.add").memory("v128.load", 0, 2).set(column);
      else
        f.get(b)
          .memory("v128.load", v * 16)
          .set(column);
    });
  };
  const step = (): void => {
    loadColumns();
    sums.forEach((own, i) => {
      f.get(a)
        .memory(lanes === float32Lanes ? "v128.load32_splat" : "v128.load", i * repeated)
        .set(row);
      own.forEach((sum, v) => {
        steps.multiplyAdd(f, sum, row, columns[v]);
      });
    });
  };

  f.get(mode).i32(1).op("i32.and");
  f.if(() =>
    eachVector(from, (offset, count, sum) => {
      pushLanes(f, lanes, from, offset, count);
      f.set(sum);
    }),
  );
  const unroll = rows >= 3 && vectors === tileVectors ? steps.unroll : Math.min(2, steps.unroll);
  // A way out after every step keeps the compiler from moving all loads of the body to its start and spilling sums.
  f.block((done) =>
    f.loop((again) => {
      for (let k = 0; k < unroll; k++) {
        step();
        f.increment(b, inPlace ? 4 : vectors * 16)
          .get(a)
          .i32(rows * repeated)
          .op("i32.add")
          .tee(a);
        f.get(aEnd).op("i32.eq").branchIf(done);
      }
      f.branch(again);
    }),
  );
  f.get(mode).i32(2).op("i32.and");
  f.if(() => {
    f.get(to).set(target);
    eachVector(target, (offset, count, sum) => {
      pushLanes(f, lanes, target, offset, count);
      f.get(sum);
      steps.add(f);
      f.set(sum);
    });
  });
  eachVector(to, (offset, count, sum) => storeLanes(f, lanes, to, offset, sum, count));
  return f;
}
