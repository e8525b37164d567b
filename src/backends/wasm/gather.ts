/** Table look-up and its adjoint: rows are copied, or added to running blocked sums in scratch memory. */
import { UsageError } from "../../base/errors.ts";
import { input } from "../../ir/expression.ts";
import type { GatherLoop, ReduceLoop } from "../../ir/loops.ts";
import { bytesPerElement } from "../layout.ts";
import { resultDraw } from "../stochastic.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { hostSumOf } from "./combiner.ts";
import type { Context } from "./context.ts";
import { Evaluator, operandsOfLoop } from "./evaluator.ts";
import { type Lanes, narrow, widen } from "./lanes.ts";
import { loadVector, storeVector } from "./memory.ts";
import { Nest, type Place } from "./nest.ts";
import { lanesOf } from "./reduce.ts";

/** Emits a throw of UsageError where an index lies outside the table. */
function emitCheck(context: Context, f: FunctionBuilder, loop: GatherLoop): void {
  const { rows, mode } = loop;
  const failure = context.host.register((index) => {
    throw new UsageError(`${mode}: index ${index} is outside 0 .. ${rows - 1}`);
  });
  const [at, index] = [f.local("i32"), f.local("i32")];
  f.range(at, { constant: loop.count * 4 }, 4, () => {
    f.get(at).memory("i32.load", context.address(loop.indices)).tee(index).i32(rows).op("i32.ge_u");
    f.if(() => {
      f.i32(failure).get(index).op("f64.convert_i32_s").f64(0).i32(0).i32(0).call(context.host.callee).op("drop");
    });
  });
}

/** Copies `bytes` (a multiple of 4) between two pointers. */
function emitCopy(f: FunctionBuilder, to: Local, from: Local, bytes: number): void {
  const whole = Math.floor(bytes / 16) * 16;
  const at = f.local("i32");
  f.range(at, { constant: whole }, 16, () => {
    f.get(to).get(at).op("i32.add");
    f.get(from).get(at).op("i32.add").memory("v128.load", 0, 2).memory("v128.store", 0, 2);
  });
  for (let done = whole; done < bytes; done += 4) {
    f.get(to).get(from).memory("i32.load", done).memory("i32.store", done);
  }
}

function emitLookUp(context: Context, f: FunctionBuilder, loop: GatherLoop): void {
  const { outer, rows, count, inner } = loop;
  if (context.carrier(loop.table) !== context.carrier(loop.output)) {
    throw new UsageError("gather: the table and the output have different machine types");
  }
  const bytes = inner * bytesPerElement(context.carrier(loop.table));
  const [p, i, to, from, table] = Array.from({ length: 5 }, () => f.local("i32"));
  f.i32(context.address(loop.output)).set(to).i32(context.address(loop.table)).set(table);
  f.range(p, { constant: outer }, 1, () => {
    f.range(i, { constant: count * 4 }, 4, () => {
      f.get(i).memory("i32.load", context.address(loop.indices)).i32(bytes).op("i32.mul");
      f.get(table).op("i32.add").set(from);
      emitCopy(f, to, from, bytes);
      f.increment(to, bytes);
    });
    f.increment(table, rows * bytes);
  });
}

/** The adjoint as a reduction over all indices: which formats are involved. */
function asReduction(loop: GatherLoop): ReduceLoop {
  const { outer, rows, count, inner, node, table, output } = loop;
  const from = { value: table, strides: [count * inner, 0, 1, inner], offset: 0 };
  return {
    loop: "reduce",
    node,
    outer: [outer, rows, inner],
    reduced: [count],
    inputs: [from],
    element: input(0),
    combine: "sum",
    output,
  };
}

/** Vectors of the running sums of one row of the table. */
function vectorsPerRow(loop: GatherLoop, lanes: Lanes): number {
  return Math.ceil(loop.inner / lanes.count);
}

/** Scratch memory for at most `bytesPerLane` bytes a number: block sums, totals, and a count for every row. */
export function scatterScratch(loop: GatherLoop): number {
  if (loop.mode !== "scatter") return 0;
  return loop.rows * (2 * Math.ceil(loop.inner / 2) * 16 + 4);
}

function emitScatter(context: Context, f: FunctionBuilder, loop: GatherLoop, scratch: number): void {
  const { outer, rows, count, inner } = loop;
  if (context.format(loop.output) === undefined) throw new UsageError("scatter: adjoints of integers are not defined");
  const reduction = asReduction(loop);
  const lanes = lanesOf(context, reduction);
  const { accumulate, block } = context.precision;
  const blocked = count > block;
  const host = hostSumOf(context, loop.node);
  const evaluator = new Evaluator(context, f, reduction, lanes, operandsOfLoop(context, reduction), []);
  const finishing = new Evaluator(context, f, reduction, lanes, { ...evaluator.operands, inputs: [accumulate] }, []);
  const rowBytes = vectorsPerRow(loop, lanes) * 16;
  const [totals, counts] = [scratch + rows * rowBytes, scratch + 2 * rows * rowBytes];
  const [p, i, row, hits, element, sums, from, to] = Array.from({ length: 8 }, () => f.local("i32"));
  const vector = f.local("v128");
  const nest = new Nest(f, [inner], [], 0, lanes.count);
  const placeOf = (pointer: Local, value: number): Place => {
    const carrier = context.carrier(value);
    return { pointer, offset: context.address(value), unrolled: 0, stride: bytesPerElement(carrier), carrier };
  };
  const [source, target] = [placeOf(from, loop.table), placeOf(to, loop.output)];
  const atEnd = (advance: () => void): void => {
    nest.lanes(advance, () => undefined);
  };
  const coordinates =
    (k: Local) =>
    (lane: number): void => {
      f.get(element).get(nest.counters[0]).op("i32.add").i32(lane).op("i32.add").get(k);
    };
  const closeBlock = (): void => {
    f.get(sums).get(sums).memory("v128.load", totals, 2).get(sums).memory("v128.load", scratch, 2);
    evaluator.add(accumulate, host, coordinates(hits));
    f.memory("v128.store", totals, 2);
  };
  const isBlockEnd = (): FunctionBuilder => f.get(hits).i32(block).op("i32.rem_u").op("i32.eqz");
  const rest = (value: number): number => (inner % lanes.count) * bytesPerElement(context.carrier(value));
  const locateRow = (): void => {
    f.get(row).i32(rowBytes).op("i32.mul").set(sums);
    f.get(p).i32(rows).op("i32.mul").get(row).op("i32.add").i32(inner).op("i32.mul").set(element);
  };
  const countCell = (): FunctionBuilder => f.get(row).i32(4).op("i32.mul");
  const addRow = (): void => {
    nest.loop(0, 1, () => {
      const previous = f.local("i32");
      f.get(hits).i32(1).op("i32.sub").set(previous);
      loadVector(f, nest, source, lanes.count);
      widen(f, lanes, source.carrier);
      evaluator.roundTerm(reduction.element, accumulate, host, coordinates(previous));
      f.set(vector).get(sums).get(sums).memory("v128.load", scratch, 2).get(vector);
      evaluator.add(accumulate, host, coordinates(previous));
      f.memory("v128.store", scratch, 2);
      if (blocked) {
        isBlockEnd().if(() => {
          closeBlock();
          f.get(sums).splat(0, "i32").memory("v128.store", scratch, 2);
        });
      }
      f.increment(sums, 16);
      atEnd(() => f.increment(from, lanes.count * source.stride));
    });
    f.increment(from, rest(loop.table));
  };
  const finishRow = (): void => {
    nest.loop(0, 1, () => {
      if (blocked) isBlockEnd().if(() => undefined, closeBlock);
      f.get(sums).memory("v128.load", blocked ? totals : scratch, 2);
      finishing.round(reduction.element, context.format(loop.output), (lane) => {
        f.get(element).get(nest.counters[0]).op("i32.add").i32(lane).op("i32.add").i32(resultDraw);
      });
      narrow(f, lanes, target.carrier);
      f.set(vector);
      storeVector(f, nest, target, vector, lanes.count);
      f.increment(sums, 16);
      atEnd(() => f.increment(to, lanes.count * target.stride));
    });
    f.increment(to, rest(loop.output));
  };
  f.i32(0).set(from).i32(0).set(to);
  f.range(p, { constant: outer }, 1, () => {
    f.i32(scratch)
      .i32(0)
      .i32(2 * rows * rowBytes + 4 * rows)
      .fillMemory();
    f.range(i, { constant: count * 4 }, 4, () => {
      f.get(i).memory("i32.load", context.address(loop.indices)).set(row);
      countCell().memory("i32.load", counts).i32(1).op("i32.add").set(hits);
      countCell().get(hits).memory("i32.store", counts);
      locateRow();
      addRow();
    });
    f.range(row, { constant: rows }, 1, () => {
      countCell().memory("i32.load", counts).set(hits);
      locateRow();
      finishRow();
    });
  });
}

export function emitGather(context: Context, f: FunctionBuilder, loop: GatherLoop, scratch: number): void {
  emitCheck(context, f, loop);
  if (loop.mode === "gather") emitLookUp(context, f, loop);
  else emitScatter(context, f, loop, scratch);
}
