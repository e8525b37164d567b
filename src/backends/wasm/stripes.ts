/** Loops cut into stripes for threads: each has results of its own, so the order of no sum depends on their number. */
import type { Shape } from "../../base/shape.ts";
import { isFloat64 } from "../../formats/define.ts";
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { add, constant, type Expr, index, input, visit } from "../../ir/expression.ts";
import { substitute } from "../../ir/expression-json.ts";
import type { Access, ContractLoop, Kernel, Loop, MapLoop, MoveLoop, ReduceLoop } from "../../ir/loops.ts";
import { bytesPerElement, carrierOf, formatOfType } from "../layout.ts";
import { type PlannedKernel, writesOf } from "../planner.ts";
import { planContract } from "./contract-plan.ts";
import { readsIndex } from "./index-vector.ts";
import { probe } from "./probe.ts";
import { tileRows } from "./tile.ts";

export interface Stripe {
  readonly loop: Loop;
  /** Results of the whole loop that come before those of this stripe. */
  readonly start: number;
}

/** Smaller loops take less time than handing out their stripes: multiply-adds of a contraction, elements of others. */
const leastProducts = 2 ** 18;
const leastElements = 2 ** 16;
/** Elements of a cache line. */
const line = 16;

const product = (extents: Shape): number => extents.reduce((all, extent) => all * extent, 1);

const moved = (access: Access, axis: number, from: number): Access => ({
  ...access,
  offset: access.offset + from * access.strides[axis],
});

/** `parts` ranges of about the same length, all but the last a multiple of `unit`. */
function cut(extent: number, parts: number, unit: number): readonly { from: number; count: number }[] {
  const length = Math.ceil(extent / parts / unit) * unit;
  return Array.from({ length: Math.ceil(extent / length) }, (_, i) => ({
    from: i * length,
    count: Math.min(length, extent - i * length),
  }));
}

/** The first axis longer than 1 and its ranges: elements of a range are contiguous in a row-major result. */
function cutShape(
  shape: Shape,
  threads: number,
): { axis: number; inner: number; pieces: readonly { from: number; count: number; shape: Shape }[] } | undefined {
  const axis = shape.findIndex((extent) => extent > 1);
  if (axis < 0) return undefined;
  const inner = product(shape.slice(axis + 1));
  const pieces = cut(shape[axis], threads, inner >= line ? 1 : line);
  return { axis, inner, pieces: pieces.map((piece) => ({ ...piece, shape: shape.with(axis, piece.count) })) };
}

/** Whether results of this format need no scalar arithmetic in JavaScript (`evaluation.ts`, `combiner.ts`). */
const isNative = (format: Format | undefined): boolean =>
  format === undefined || isFloat64(format) || format.fractionBits + 1 <= 25;

/** Whether an expression draws random numbers: a thread does not know the step. */
function draws(root: Expr): boolean {
  let found = false;
  visit(root, (e) => {
    found ||= e.kind === "draw";
  });
  return found;
}

/** The expression, of `inputs` inputs in a loop of `rank` axes, for elements that start at index `from` of an axis. */
function indexedFrom(root: Expr, inputs: number, rank: number, axis: number, from: number): Expr {
  if (from === 0 || !readsIndex(root)) return root;
  const axes = Array.from({ length: rank }, (_, own) => (own === axis ? add(index(own), constant(from)) : index(own)));
  const operands = Array.from({ length: inputs }, (_, i) => input(i));
  return substitute(root, operands, axes);
}

function mapStripes(loop: MapLoop, threads: number): readonly Stripe[] {
  const cutting = cutShape(loop.shape, threads);
  if (product(loop.shape) < leastElements || cutting === undefined) return [];
  if (loop.outputs.some(({ expr }) => draws(expr))) return [];
  const { axis, inner, pieces } = cutting;
  return pieces.map(({ from, shape }) => ({
    loop: {
      ...loop,
      shape,
      inputs: loop.inputs.map((access) => moved(access, axis, from)),
      outputs: loop.outputs.map((output) => ({
        ...output,
        expr: indexedFrom(output.expr, loop.inputs.length, shape.length, axis, from),
      })),
    },
    start: from * inner,
  }));
}

function reduceStripes(loop: ReduceLoop, threads: number): readonly Stripe[] {
  const cutting = cutShape(loop.outer, threads);
  if (product(loop.outer) * product(loop.reduced) < leastElements || cutting === undefined) return [];
  const expressions: readonly Expr[] = loop.finish === undefined ? [loop.element] : [loop.element, loop.finish];
  if (expressions.some(draws)) return [];
  const { axis, inner, pieces } = cutting;
  return pieces.map(({ from, shape }) => ({
    loop: {
      ...loop,
      outer: shape,
      inputs: loop.inputs.map((access) => moved(access, axis, from)),
      element: indexedFrom(loop.element, loop.inputs.length, shape.length + loop.reduced.length, axis, from),
      ...(loop.finish === undefined ? {} : { finish: indexedFrom(loop.finish, 1, shape.length, axis, from) }),
    },
    start: from * inner,
  }));
}

function moveStripes(loop: MoveLoop, threads: number): readonly Stripe[] {
  const cutting = cutShape(loop.shape, threads);
  if (product(loop.shape) < leastElements || cutting === undefined) return [];
  const { axis, inner } = cutting;
  return cutting.pieces.map(({ from, count, shape }) => ({
    loop: {
      ...loop,
      shape,
      pieces: loop.pieces.flatMap((piece) => {
        const first = Math.max(from, piece.at[axis]);
        const end = Math.min(from + count, piece.at[axis] + piece.shape[axis]);
        if (end <= first) return [];
        return {
          at: piece.at.with(axis, first - from),
          shape: piece.shape.with(axis, end - first),
          from: moved(piece.from, axis, first - piece.at[axis]),
        };
      }),
    },
    start: from * inner,
  }));
}

/** The longer of rows and columns is cut: both sides of the other one are packed once per stripe. */
function contractStripes(loop: ContractLoop, threads: number): readonly Stripe[] {
  const { m, n, k, batch } = loop;
  if (product(batch) * product(m) * product(n) * product(k) < leastProducts) return [];
  const axis = batch.findIndex((extent) => extent > 1);
  if (axis >= 0) {
    return cut(batch[axis], threads, 1).map(({ from, count }) => ({
      loop: {
        ...loop,
        batch: batch.with(axis, count),
        a: moved(loop.a, axis, from),
        b: moved(loop.b, axis, from),
        ...(loop.bias === undefined ? {} : { bias: moved(loop.bias, axis, from) }),
        output: moved(loop.output, axis, from),
      },
      start: 0,
    }));
  }
  const isRows = product(m) >= product(n);
  const shape = isRows ? m : n;
  const along = Math.max(
    0,
    shape.findIndex((extent) => extent > 1),
  );
  const [side, before] = isRows ? (["a", batch.length] as const) : (["b", batch.length + k.length] as const);
  const results = batch.length + (isRows ? 0 : m.length) + along;
  const unit = product(shape.slice(along + 1)) === 1 ? (isRows ? tileRows : line) : 1;
  return cut(shape[along], threads, unit).map(({ from, count }) => ({
    loop: {
      ...loop,
      [isRows ? "m" : "n"]: shape.with(along, count),
      [side]: moved(loop[side], before + along, from),
      ...(loop.bias === undefined ? {} : { bias: moved(loop.bias, results, from) }),
      output: moved(loop.output, results, from),
    },
    start: 0,
  }));
}

/** The stripes of a loop that is worth cutting and that WebAssembly computes without JavaScript; else none. */
export function stripesOf(loop: Loop, kernel: Kernel, precision: Precision, threads: number): readonly Stripe[] {
  if (threads === 1 || precision.rounding !== "nearest" || !isNative(precision.accumulate)) return [];
  const formatOf = (value: number): Format | undefined => formatOfType(kernel.values[value].type, precision);
  let stripes: readonly Stripe[] = [];
  if (loop.loop === "contract") {
    const { fused } = probe();
    const planned = planContract(loop, formatOf, precision, fused);
    if (planned === undefined || (planned.arithmetic === "fused" && !fused)) return [];
    stripes = contractStripes(loop, threads);
  } else if (writesOf(loop).every((value) => isNative(formatOf(value)))) {
    if (loop.loop === "map") stripes = mapStripes(loop, threads);
    else if (loop.loop === "move") stripes = moveStripes(loop, threads);
    else if (loop.loop === "reduce") stripes = reduceStripes(loop, threads);
  }
  return stripes.length > 1 ? stripes : [];
}

/** The kernel as a stripe sees it: its results start where the stripe does. */
export function atStripe(planned: PlannedKernel, { loop, start }: Stripe, precision: Precision): PlannedKernel {
  let { offsets } = planned;
  for (const value of writesOf(loop)) {
    const bytes = bytesPerElement(carrierOf(planned.kernel.values[value].type, precision));
    offsets = offsets.with(value, offsets[value] + start * bytes);
  }
  return { ...planned, offsets };
}
