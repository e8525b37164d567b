/** The reference meaning of each loop shape: plain nested loops in index order. */
import { UsageError } from "../../base/errors.ts";
import { sizeOf, stridesOf } from "../../base/shape.ts";
import { input } from "../../ir/expression.ts";
import type { Access, ContractLoop, GatherLoop, Loop, MapLoop, MoveLoop, ReduceLoop } from "../../ir/loops.ts";
import type { Carrier } from "../backend.ts";
import { drawUniform } from "../stochastic.ts";
import type { Accumulator } from "./accumulator.ts";
import type { Arena } from "./arena.ts";
import { type Environment, interpret } from "./interpreter.ts";

/** Calls `use` for every index of a shape, row-major; the array is reused. */
function eachIndex(shape: readonly number[], use: (index: Int32Array, linear: number) => void): void {
  const index = new Int32Array(shape.length);
  const size = sizeOf(shape);
  for (let linear = 0; linear < size; linear++) {
    use(index, linear);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

function locate(access: Access, index: ArrayLike<number>): number {
  let place = access.offset;
  for (let axis = 0; axis < access.strides.length; axis++) place += access.strides[axis] * index[axis];
  return place;
}

/**
 * The blocked sum of numerics.md: blocks of `block` terms in index order, each from +0; block sums added in order.
 * `step(partial, k)` adds term k to a partial sum.
 */
function blockedSum(
  count: number,
  block: number,
  sums: Accumulator,
  step: (partial: number, k: number) => number,
): number {
  let total = 0;
  for (let start = 0; start < count; start += block) {
    let partial = 0;
    const end = Math.min(count, start + block);
    for (let k = start; k < end; k++) partial = step(partial, k);
    total = start === 0 ? partial : sums.add(total, partial, end);
  }
  return total;
}

function environment(arena: Arena, loop: MapLoop | ReduceLoop, rank: number): Environment {
  const scalar = arena.scalarRounder(loop);
  return {
    inputs: new Float64Array(loop.inputs.length),
    index: new Int32Array(rank),
    choice: (name) => scalar(arena.choice(name)),
    option: scalar,
    draw: (stream, a, b) => drawUniform(arena.precision.seed, stream, arena.step, a, b),
  };
}

function load(env: Environment, loop: MapLoop | ReduceLoop, sources: Carrier[]): void {
  for (let i = 0; i < sources.length; i++) env.inputs[i] = sources[i][locate(loop.inputs[i], env.index)];
}

function mapLoop(loop: MapLoop, arena: Arena): () => void {
  const env = environment(arena, loop, loop.shape.length);
  const sources = loop.inputs.map((access) => arena.carrier(access.value));
  const outputs = loop.outputs.map(({ value, expr }) => ({
    target: arena.carrier(value),
    ...arena.result(expr, value, loop.node, env),
  }));
  const results = new Float64Array(outputs.length);
  return () =>
    eachIndex(loop.shape, (index, linear) => {
      env.index.set(index);
      load(env, loop, sources);
      for (let j = 0; j < outputs.length; j++) results[j] = outputs[j].finish(outputs[j].evaluate(), linear);
      for (let j = 0; j < outputs.length; j++) outputs[j].target[linear] = results[j];
    });
}

function interpretElement(loop: ReduceLoop, env: Environment): (k: number) => number {
  return interpret(loop.element, env);
}

function reduceLoop(loop: ReduceLoop, arena: Arena): () => void {
  const rank = loop.outer.length + loop.reduced.length;
  const env = environment(arena, loop, rank);
  const sources = loop.inputs.map((access) => arena.carrier(access.value));
  const target = arena.carrier(loop.output);
  const sums = arena.sums(loop.output, loop.node);
  const element = loop.combine === "sum" ? arena.term(loop, env, sums) : interpretElement(loop, env);
  const finishing: Environment = { ...env, inputs: new Float64Array(1) };
  const result = arena.result(loop.finish ?? input(0), loop.output, loop.node, finishing);
  const count = sizeOf(loop.reduced);
  const place = (k: number): void => {
    for (let axis = rank - 1, rest = k; axis >= loop.outer.length; axis--) {
      const extent = loop.reduced[axis - loop.outer.length];
      env.index[axis] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    load(env, loop, sources);
  };
  const extreme = loop.combine === "max" ? Math.max : Math.min;
  return () =>
    eachIndex(loop.outer, (index, linear) => {
      env.index.set(index);
      let combined: number;
      if (loop.combine === "sum") {
        sums.at(linear, arena.step);
        combined = blockedSum(count, arena.precision.block, sums, (partial, k) => {
          place(k);
          return sums.add(partial, element(k), k);
        });
      } else {
        combined = loop.combine === "max" ? -Infinity : Infinity;
        for (let k = 0; k < count; k++) {
          place(k);
          combined = extreme(combined, element(k));
        }
      }
      finishing.inputs[0] = combined;
      target[linear] = result.finish(result.evaluate(), linear);
    });
}

function contractLoop(loop: ContractLoop, arena: Arena): () => void {
  const { precision } = arena;
  const { batch, m, n, k, output } = loop;
  const [a, b] = [arena.carrier(loop.a.value), arena.carrier(loop.b.value)];
  const bias = loop.bias && arena.carrier(loop.bias.value);
  const target = arena.carrier(output.value);
  const operand = arena.operandRounder();
  const sums = arena.sums(output.value, loop.node);
  const round = arena.resultRounder(output.value, loop.node);
  const addRounded = arena.resultAdder(output.value, loop.node);
  const terms = new Int32Array(sizeOf(k));
  const [stepsA, stepsB] = [terms.slice(), terms.slice()];
  const ofTerms = (access: Access, from: number): Access => ({
    ...access,
    offset: 0,
    strides: access.strides.slice(from, from + k.length),
  });
  const [walkA, walkB] = [ofTerms(loop.a, batch.length + m.length), ofTerms(loop.b, batch.length)];
  eachIndex(k, (index, linear) => {
    stepsA[linear] = locate(walkA, index);
    stepsB[linear] = locate(walkB, index);
  });
  const start = (access: Access, index: Int32Array, axes: readonly number[]): number =>
    axes.reduce((place, axis, i) => place + access.strides[i] * index[axis], access.offset);
  const outer = [...batch, ...m, ...n];
  const axesOf = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const rows = axesOf(0, batch.length + m.length);
  const columns = axesOf(batch.length + m.length, outer.length);
  const columnsOfB: Access = {
    ...loop.b,
    strides: [...loop.b.strides.slice(0, batch.length), ...loop.b.strides.slice(batch.length + k.length)],
  };
  const ofB = [...axesOf(0, batch.length), ...columns];
  return () =>
    eachIndex(outer, (index) => {
      const place = locate(output, index);
      const [fromA, fromB] = [start(loop.a, index, rows), start(columnsOfB, index, ofB)];
      sums.at(place, arena.step);
      let sum = blockedSum(terms.length, precision.block, sums, (partial, t) =>
        sums.multiplyAdd(operand(a[fromA + stepsA[t]]), operand(b[fromB + stepsB[t]]), partial, t),
      );
      if (loop.bias && bias) {
        const shift = bias[locate(loop.bias, index)];
        sum =
          precision.bias === "once" ? sums.add(sum, shift, terms.length) : addRounded(round(sum, place), shift, place);
      }
      target[place] = round(sum, place);
    });
}

function moveLoop(loop: MoveLoop, arena: Arena): () => void {
  const target = arena.carrier(loop.output);
  const strides = stridesOf(loop.shape);
  const pieces = loop.pieces.map((piece) => ({ ...piece, source: arena.carrier(piece.from.value) }));
  return () => {
    target.fill(0);
    for (const { at, shape, from, source } of pieces) {
      const to: Access = { value: 0, strides, offset: locate({ value: 0, strides, offset: 0 }, at) };
      eachIndex(shape, (index) => {
        target[locate(to, index)] = source[locate(from, index)];
      });
    }
  };
}

function gatherLoop(loop: GatherLoop, arena: Arena): () => void {
  const { outer, rows, count, inner } = loop;
  const [table, indices] = [arena.carrier(loop.table), arena.carrier(loop.indices)];
  const target = arena.carrier(loop.output);
  const round = arena.resultRounder(loop.output, loop.node);
  const sums = arena.sums(loop.output, loop.node);
  const check = (): void => {
    const bad = indices.find((row) => row < 0 || row >= rows);
    if (bad !== undefined) throw new UsageError(`gather: index ${bad} is outside 0 .. ${rows - 1}`);
  };
  const gather = (): void =>
    eachIndex([outer, count, inner], ([p, i, q], linear) => {
      target[linear] = table[(p * rows + indices[i]) * inner + q];
    });
  const scatter = (): void =>
    eachIndex([outer, rows, inner], ([p, row, q], linear) => {
      const hits = [...indices.keys()].filter((i) => indices[i] === row);
      sums.at(linear, arena.step);
      const term = (k: number): number => sums.round(table[(p * count + hits[k]) * inner + q], k);
      const sum = blockedSum(hits.length, arena.precision.block, sums, (partial, k) => sums.add(partial, term(k), k));
      target[linear] = round(sum, linear);
    });
  return () => {
    check();
    if (loop.mode === "gather") gather();
    else scatter();
  };
}

/** A function that runs one loop over the arena. */
export function prepare(loop: Loop, arena: Arena): () => void {
  switch (loop.loop) {
    case "map":
      return mapLoop(loop, arena);
    case "reduce":
      return reduceLoop(loop, arena);
    case "contract":
      return contractLoop(loop, arena);
    case "move":
      return moveLoop(loop, arena);
    case "gather":
      return gatherLoop(loop, arena);
  }
}
