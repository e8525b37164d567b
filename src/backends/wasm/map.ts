/** Map loops: whole vectors along the axis of the output that is cheapest to walk. */
import { stridesOf } from "../../base/shape.ts";
import { decide } from "../../ir/decide.ts";
import type { MapLoop } from "../../ir/loops.ts";
import { resultDraw } from "../stochastic.ts";
import { fitsFloat32 } from "./arithmetic.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { Evaluator, operandsOfLoop } from "./evaluator.ts";
import { indicesOf, pushIndex, readsIndex } from "./index-vector.ts";
import { float32Lanes, float64Lanes, narrow } from "./lanes.ts";
import { InputVectors, inputsOf, pushElement, pushInteger } from "./loop-values.ts";
import { storeVector } from "./memory.ts";
import { coalesce, Nest } from "./nest.ts";
import { unrolledAxes, vectorAxisOf } from "./vector-axis.ts";

export function emitMap(context: Context, f: FunctionBuilder, loop: MapLoop): void {
  if (loop.shape.includes(0)) return;
  const expressions = loop.outputs.map((output) => output.expr);
  const operands = operandsOfLoop(context, loop);
  const inFloat32 = loop.outputs.every(({ value, expr }) =>
    fitsFloat32(expr, context.format(value), context, operands),
  );
  const lanes = inFloat32 ? float32Lanes : float64Lanes;
  const used = inputsOf(expressions);
  const rowMajor = stridesOf(loop.shape);
  const all = [
    ...used.map((i) => context.stream(loop.inputs[i])),
    ...loop.outputs.map(({ value }) => context.stream({ value, strides: rowMajor, offset: 0 })),
  ];
  const keepsAxes = expressions.some(readsIndex);
  const joined = keepsAxes ? { groups: [loop.shape], streams: all } : coalesce([loop.shape], all);
  const [shape] = joined.groups;
  const axes = shape.map((_, axis) => axis);
  const axis = vectorAxisOf(shape, axes, joined.streams, lanes.count);
  const unrolled = unrolledAxes(shape, axis, shape.length, indicesOf(expressions));
  const nest = new Nest(f, shape, joined.streams, axis, lanes.count, unrolled);
  const evaluator = new Evaluator(context, f, loop, lanes, operands, expressions);
  const inputs = new InputVectors(f, lanes, nest, used);
  const bindings = evaluator.bindings(
    (i) => inputs.push(i),
    (axis) => pushIndex(f, lanes, nest, axis),
  );
  const outputs = loop.outputs.map((output, j) => ({
    ...output,
    place: nest.places[used.length + j],
    result: f.local("v128"),
  }));
  nest.loop(0, shape.length, () => {
    const decided = keepsAxes ? expressions.map((expr) => decide(expr, nest.ranges)) : expressions;
    inputs.load(inputsOf(decided));
    outputs.forEach(({ value, expr, place, result }, j) => {
      if (context.carrier(value) === "int32") {
        pushInteger(f, evaluator, decided[j], bindings);
      } else {
        const target = context.format(value);
        evaluator.pushValue(expr, target, bindings, decided[j]);
        evaluator.round(expr, target, (lane) => pushElement(f, place, lane).i32(resultDraw));
        narrow(f, lanes, place.carrier);
      }
      f.set(result);
    });
    for (const { place, result } of outputs) storeVector(f, nest, place, result, lanes.count);
  });
}
