/** The end of a contraction: bias, one rounding to the output's format, conversion to its carrier. */
import { isFloat32, isFloat64 } from "../../formats/define.ts";
import type { Access } from "../../ir/loops.ts";
import type { FunctionBuilder, Module } from "./assembler.ts";
import type { ContractPlan } from "./contract-plan.ts";
import { float32Lanes, narrow } from "./lanes.ts";
import { pushOddSum, roundLanes } from "./steps-exact.ts";
import { pushLanes, type Steps, storeLanes } from "./tile.ts";

/** Whether the sums are the result: nothing to add, nothing to round. */
export function isPlainResult(plan: ContractPlan, steps: Steps, flush: boolean): boolean {
  const same = plan.lanes === float32Lanes ? isFloat32(plan.output) : isFloat64(plan.output);
  return plan.bias === "none" && same && !flush && steps.scale === undefined;
}

/** Copies `count` biases into a row of the lanes' kind. */
export function emitBiasRow(
  f: FunctionBuilder,
  plan: ContractPlan,
  count: number,
  carrier: "float32" | "float64",
  bias: Access,
  address: number,
  row: number,
): void {
  const [source, target, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const width = carrier === "float32" ? 4 : 8;
  const single = plan.lanes === float32Lanes;
  f.i32(address + bias.offset * width).set(source);
  f.i32(row)
    .set(target)
    .i32(row + count * 2 ** plan.lanes.logBytes)
    .set(end);
  f.while(target, end, 2 ** plan.lanes.logBytes, () => {
    f.get(target)
      .get(source)
      .memory(width === 4 ? "f32.load" : "f64.load");
    if (width === 4 && !single) f.op("f64.promote_f32");
    f.memory(single ? "f32.store" : "f64.store");
    f.increment(source, bias.strides[0] * width);
  });
}

/**
 * A function (sums, bias, output, rows, columns, whole): turns a block of sums into results. `columns` is rounded down
 * to whole vectors in `whole`; the rest, always the same number of columns, is `tail`. Rows of sums and of the output
 * are `n` elements apart.
 */
export function emitResult(
  module: Module,
  plan: ContractPlan,
  steps: Steps,
  flush: boolean,
  n: number,
): FunctionBuilder {
  const { lanes, output, bias } = plan;
  const tail = n % lanes.count;
  const f = module.function(["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [sums, biases, results, rows, columns, whole] = f.parameters.keys();
  const [x, y] = [f.local("v128"), f.local("v128")];
  const [from, to, row, column, shift] = Array.from({ length: 5 }, () => f.local("i32"));
  const sumBytes = 2 ** lanes.logBytes;
  const outputBytes = output.carrier === "float32" ? 4 : 8;
  /** The caller rounds to the output's format: here only a bias added in the accumulate format is rounded. */
  const addBias = (count: number): void => {
    pushLanes(f, lanes, shift, 0, count);
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
  const storeResult = (count: number): void => {
    if (outputBytes === sumBytes) storeLanes(f, lanes, to, 0, y, count);
    else if (outputBytes < sumBytes) {
      f.get(to).get(y);
      if (count === 2) f.laneMemory("v128.store64_lane", 0);
      else f.laneMemory("v128.store32_lane", 0);
    } else {
      for (let lane = 0; lane < count; lane++) {
        f.get(to)
          .get(y)
          .lane("f32x4.extract_lane", lane)
          .op("f64.promote_f32")
          .memory("f64.store", lane * 8);
      }
    }
  };
  f.range(row, rows, 1, () => {
    f.get(sums).set(from).get(results).set(to).get(biases).set(shift);
    f.range(column, whole, lanes.count, () => {
      finish(lanes.count);
      f.increment(from, 16)
        .increment(shift, 16)
        .increment(to, lanes.count * outputBytes);
    });
    if (tail > 0) {
      f.get(column).get(columns).op("i32.lt_u");
      f.if(() => finish(tail));
    }
    f.increment(sums, n * sumBytes).increment(results, n * outputBytes);
  });
  return f;
}
