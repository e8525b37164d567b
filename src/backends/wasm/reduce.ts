/** Reductions: lanes are different results; where the order of terms cannot matter they may be different terms. */
import { stridesOf } from "../../base/shape.ts";
import { float32 } from "../../formats/float32.ts";
import { float64 } from "../../formats/float64.ts";
import type { Format } from "../../formats/format.ts";
import { decide } from "../../ir/decide.ts";
import { input } from "../../ir/expression.ts";
import type { ReduceLoop } from "../../ir/loops.ts";
import { resultDraw } from "../stochastic.ts";
import { fitsFloat32, type Operands } from "./arithmetic.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { type Combiner, extreme, floatSum, integerSum } from "./combiner.ts";
import type { Context } from "./context.ts";
import { Evaluator, operandsOfLoop } from "./evaluator.ts";
import { indicesOf, pushIndex, pushInside, readsIndex } from "./index-vector.ts";
import { float32Lanes, float64Lanes, type Lanes, narrow } from "./lanes.ts";
import { InputVectors, inputsOf, pushElement, pushInteger } from "./loop-values.ts";
import { storeLanes, storeVector } from "./memory.ts";
import { coalesce, Nest } from "./nest.ts";
import { unrolledAxes, vectorAxisOf } from "./vector-axis.ts";

/** The kinds of reduction that differ in code: float sums keep their order, integer sums and extremes need not. */
export type Kind = "floatSum" | "integerSum" | "max" | "min";

export function kindOf(context: Context, loop: ReduceLoop): Kind {
  if (loop.combine !== "sum") return loop.combine;
  return context.format(loop.output) === undefined ? "integerSum" : "floatSum";
}

/** Format of the combined value, the input of `finish`. */
function combinedFormat(context: Context, loop: ReduceLoop, lanes: Lanes): number | Format {
  if (kindOf(context, loop) === "floatSum") return context.precision.accumulate;
  if (loop.element.kind === "input") return loop.inputs[loop.element.input].value;
  return lanes.scalar === "f32" ? float32 : float64;
}

function finishOperands(context: Context, loop: ReduceLoop, lanes: Lanes): Operands {
  return { ...operandsOfLoop(context, loop), inputs: [combinedFormat(context, loop, lanes)] };
}

export function lanesOf(context: Context, loop: ReduceLoop): Lanes {
  const kind = kindOf(context, loop);
  const term = kind === "floatSum" ? context.precision.accumulate : undefined;
  if (!fitsFloat32(loop.element, term, context, operandsOfLoop(context, loop))) return float64Lanes;
  if (kind === "integerSum") return loop.finish === undefined ? float32Lanes : float64Lanes;
  const operands = finishOperands(context, loop, float32Lanes);
  return fitsFloat32(loop.finish ?? input(0), context.format(loop.output), context, operands)
    ? float32Lanes
    : float64Lanes;
}

function combinerOf(
  context: Context,
  f: FunctionBuilder,
  loop: ReduceLoop,
  evaluator: Evaluator,
  pushElementOf: (lane: number) => void,
): Combiner {
  const kind = kindOf(context, loop);
  if (kind === "floatSum") return floatSum(context, f, loop, evaluator, pushElementOf);
  return kind === "integerSum" ? integerSum(f, evaluator.lanes) : extreme(f, evaluator.lanes, kind, loop.element);
}

/** Pushes the finished result of a combined value, in the output's lanes. */
function pushResult(
  context: Context,
  f: FunctionBuilder,
  loop: ReduceLoop,
  evaluator: Evaluator,
  total: Local,
  pushAxis: (axis: number) => void,
  pushElementOf: (lane: number) => FunctionBuilder,
): void {
  const target = context.format(loop.output);
  const finish = loop.finish ?? input(0);
  const bindings = evaluator.bindings(() => f.get(total), pushAxis);
  if (target === undefined) {
    pushInteger(f, evaluator, finish, bindings);
    return;
  }
  evaluator.pushValue(finish, target, bindings);
  evaluator.round(finish, target, (lane) => pushElementOf(lane).i32(resultDraw));
  narrow(f, evaluator.lanes, context.carrier(loop.output));
}

export function emitReduce(context: Context, f: FunctionBuilder, loop: ReduceLoop): void {
  if (loop.outer.includes(0)) return;
  const kind = kindOf(context, loop);
  const lanes = lanesOf(context, loop);
  const finish = loop.finish ?? input(0);
  const used = inputsOf([loop.element]);
  const target = { value: loop.output, strides: [...stridesOf(loop.outer), ...loop.reduced.map(() => 0)], offset: 0 };
  const streams = [...used.map((i) => context.stream(loop.inputs[i])), context.stream(target)];
  const groups = [loop.outer, loop.reduced];
  const keepsAxes = readsIndex(loop.element) || readsIndex(finish);
  const joined = keepsAxes ? { groups, streams } : coalesce(groups, streams);
  const extents = joined.groups.flat();
  const outer = joined.groups[0].length;
  // Lanes are different results; where any order of the terms gives the same number they may be terms of one result.
  const axes = extents.map((_, number) => number).filter((number) => number < outer || kind !== "floatSum");
  const axis = vectorAxisOf(extents, axes, joined.streams, lanes.count);
  const across = axis >= outer;
  const unrolled = unrolledAxes(extents, axis, outer, indicesOf([loop.element, finish]));
  const nest = new Nest(f, extents, joined.streams, axis, lanes.count, unrolled);
  const place = nest.places[used.length];
  const operands = operandsOfLoop(context, loop);
  const evaluator = new Evaluator(context, f, loop, lanes, operands, [loop.element]);
  const inputs = new InputVectors(f, lanes, nest, used);
  const pushAxis = (axisNumber: number): void => pushIndex(f, lanes, nest, axisNumber);
  const bindings = evaluator.bindings((i) => inputs.push(i), pushAxis);
  const elementOf = (lane: number): FunctionBuilder => pushElement(f, place, lane);
  const combiner = combinerOf(context, f, loop, evaluator, elementOf);
  const total = f.local("v128");
  const finishing = new Evaluator(context, f, loop, lanes, finishOperands(context, loop, lanes), [finish]);
  nest.loop(0, outer, () => {
    combiner.start();
    nest.loop(outer, extents.length, () => {
      const element = keepsAxes ? decide(loop.element, nest.ranges) : loop.element;
      if (combiner.ignores(element)) return;
      inputs.load(inputsOf([element]));
      if (kind === "integerSum") pushInteger(f, evaluator, element, bindings);
      else {
        const format = kind === "floatSum" ? context.precision.accumulate : undefined;
        evaluator.pushValue(loop.element, format, bindings, element);
      }
      combiner.step(across && nest.remainder > 0 ? () => pushInside(f, nest, extents[axis]) : undefined);
    });
    combiner.finish(across);
    f.set(total);
    if (kind !== "integerSum" || loop.finish) {
      if (kind === "integerSum") f.get(total).op("f64x2.convert_low_i32x4_s").set(total);
      pushResult(context, f, loop, finishing, total, pushAxis, elementOf);
      f.set(total);
    }
    if (across) storeLanes(f, place, total, 1);
    else storeVector(f, nest, place, total, lanes.count);
  });
}
