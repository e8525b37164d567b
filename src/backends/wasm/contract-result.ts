/** The end of a contraction: bias, one rounding to the output's format, conversion to its carrier. */
import { isFloat32, isFloat64 } from "../../formats/define.ts";
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import type { ContractPlan } from "./contract-plan.ts";
import { float32Lanes, narrow } from "./lanes.ts";
import { pushOddSum, roundLanes } from "./steps-exact.ts";
import { pushLanes, type Steps, storeLanes } from "./tile.ts";
import { isVectorWalk, type Walk } from "./walk.ts";

/** Whether the sums are the result: nothing to add, nothing to round. */
export function isPlainResult(plan: ContractPlan, steps: Steps, flush: boolean): boolean {
  const same = plan.lanes === float32Lanes ? isFloat32(plan.output) : isFloat64(plan.output);
  return plan.bias === "none" && same && !flush && steps.scale === undefined;
}

/** Copies `count` biases into a list of the lanes' kind at the address `list`; `stride` is in elements. */
export function emitBiases(
  f: FunctionBuilder,
  plan: ContractPlan,
  count: number,
  { pointer, bytes, stride }: { readonly pointer: Local; readonly bytes: 4 | 8; readonly stride: number },
  list: number,
): void {
  const [source, target, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const single = plan.lanes === float32Lanes;
  f.get(pointer).set(source);
  f.i32(list)
    .set(target)
    .i32(list + count * 2 ** plan.lanes.logBytes)
    .set(end);
  f.while(target, end, 2 ** plan.lanes.logBytes, () => {
    f.get(target)
      .get(source)
      .memory(bytes === 4 ? "f32.load" : "f64.load");
    if (bytes === 4 && !single) f.op("f64.promote_f32");
    f.memory(single ? "f32.store" : "f64.store");
    f.increment(source, stride * bytes);
  });
}

/**
 * A function (sums, output, row, rows, column, columns): turns sums into results. `sums` is the address of the first
 * sum, `output` that of the matrix; rows of sums are `sumRow` elements apart. Columns come in whole vectors but for the
 * last ones of the matrix. `biases` is the address of the list of biases, `table` the address of a walk's table.
 */
export function emitResult(
  module: Module,
  plan: ContractPlan,
  steps: Steps,
  flush: boolean,
  biases: number,
  table: (walk: Walk) => number,
): FunctionBuilder {
  const { lanes, output, bias, n, sumRow, biasWalk } = plan;
  const { rows: rowWalk, columns: columnWalk } = plan.walks.output;
  const tail = n % lanes.count;
  const f = module.function(["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [sums, matrix, firstRow, rows, firstColumn, columns] = f.parameters.keys();
  const [x, y] = [f.local("v128"), f.local("v128")];
  const [from, line, to, row, column, whole, shift] = Array.from({ length: 7 }, () => f.local("i32"));
  const sumBytes = 2 ** lanes.logBytes;
  const outputBytes = output.carrier === "float32" ? 4 : 8;
  const pushBias = (count: number): void => {
    if (biasWalk?.along === "columns") pushLanes(f, lanes, shift, 0, count);
    else f.get(shift).memory(lanes === float32Lanes ? "v128.load32_splat" : "v128.load64_splat");
  };
  /** The caller rounds to the output's format: here only a bias added in the accumulate format is rounded. */
  const addBias = (count: number): void => {
    pushBias(count);
    f.set(y);
    if (plan.oddBias) pushOddSum(f, x, y);
    else f.get(x).get(y).op(`${lanes.name}.add`);
    if (bias === "once") roundLanes(f, lanes, plan.accumulate);
    f.set(x);
  };
  const finish = (count: number): void => {
    pushLanes(f, lanes, from, 0, count);
    if (steps.scale !== undefined) f.splat(1 / steps.scale, lanes.scalar).op(`${lanes.name}.mul`);
    if (bias === "rounded") roundLanes(f, lanes, output, flush);
    f.set(x);
    if (bias !== "none") addBias(count);
    f.get(x);
    if (outputBytes < sumBytes && isFloat32(output) && !flush) f.op("f32x4.demote_f64x2_zero").set(y);
    else if (outputBytes > sumBytes) f.set(y);
    else {
      roundLanes(f, lanes, output, flush);
      narrow(f, lanes, output.carrier);
      f.set(y);
    }
    storeResult(count);
  };
  /** Pushes the byte offset of an index along a walk that has a table. */
  const pushOffset = (walk: Walk, index: () => void, first = 0): void => {
    index();
    f.i32(2)
      .op("i32.shl")
      .memory("i32.load", table(walk) + 4 * first);
  };
  const pushColumn = (): void => void f.get(firstColumn).get(column).op("i32.add");
  const isVector = isVectorWalk(columnWalk, lanes.count);
  const storeLane = (lane: number, offset: number): void => {
    if (outputBytes > sumBytes) {
      f.get(to).get(y).lane("f32x4.extract_lane", lane).op("f64.promote_f32").memory("f64.store", offset);
    } else {
      f.get(to)
        .get(y)
        .laneMemory(outputBytes === 4 ? "v128.store32_lane" : "v128.store64_lane", lane, offset);
    }
  };
  const storeResult = (count: number): void => {
    if (columnWalk.stride !== 1 && isVector) {
      f.get(line);
      pushOffset(columnWalk, pushColumn);
      f.op("i32.add").set(to);
    }
    if (!isVector) {
      for (let lane = 0; lane < count; lane++) {
        f.get(line);
        pushOffset(columnWalk, pushColumn, lane);
        f.op("i32.add").set(to);
        storeLane(lane, 0);
      }
    } else if (outputBytes === sumBytes) storeLanes(f, lanes, to, 0, y, count);
    else if (outputBytes < sumBytes && count === 2) f.get(to).get(y).laneMemory("v128.store64_lane", 0);
    else for (let lane = 0; lane < count; lane++) storeLane(lane, lane * outputBytes);
  };
  const startRow = (): void => {
    f.get(matrix);
    const pushRow = (): void => void f.get(firstRow).get(row).op("i32.add");
    if (rowWalk.stride === undefined) pushOffset(rowWalk, pushRow);
    else {
      pushRow();
      f.i32(rowWalk.stride * outputBytes).op("i32.mul");
    }
    f.op("i32.add").tee(line);
    if (columnWalk.stride === 1) f.get(firstColumn).i32(outputBytes).op("i32.mul").op("i32.add");
    f.set(to);
    if (biasWalk?.along === "columns") f.get(firstColumn);
    else pushRow();
    f.i32(sumBytes).op("i32.mul").i32(biases).op("i32.add").set(shift);
  };
  f.get(columns).i32(-lanes.count).op("i32.and").set(whole);
  f.range(row, rows, 1, () => {
    f.get(sums).set(from);
    startRow();
    f.range(column, whole, lanes.count, () => {
      finish(lanes.count);
      f.increment(from, 16);
      if (biasWalk?.along === "columns") f.increment(shift, 16);
      if (columnWalk.stride === 1) f.increment(to, lanes.count * outputBytes);
    });
    if (tail > 0) {
      f.get(column).get(columns).op("i32.lt_u");
      f.if(() => finish(tail));
    }
    f.increment(sums, sumRow * sumBytes);
  });
  return f;
}
