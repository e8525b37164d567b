/** Joins arrays along an axis. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import type { ValueType } from "../ir/loops.ts";
import type { Tensor } from "../ir/trace.ts";
import { axisOf } from "./arguments.ts";
import { call } from "./call.ts";
import type { Builder, Op, Options } from "./op.ts";
import { addAll, apply } from "./rules.ts";

/** Where each operand starts along the axis, and the whole type. @throws ShapeError where other extents differ. */
function layoutOf(
  inputs: readonly ValueType[],
  options: Options,
): { axis: number; starts: number[]; whole: ValueType } {
  if (inputs.length === 0) throw new UsageError("concat: no operands, expected one or more");
  const [{ shape: first, type }] = inputs;
  const axis = axisOf("concat", first, options.axis);
  const starts: number[] = [];
  let total = 0;
  for (const operand of inputs) {
    const { shape } = operand;
    if (shape.length !== first.length || shape.some((extent, i) => i !== axis && extent !== first[i])) {
      throw new ShapeError(`concat: ${showShape(first)} and ${showShape(shape)} differ beside axis ${axis}`);
    }
    if (operand.type !== type) throw new UsageError(`concat: operands of types ${type} and ${operand.type}; use cast`);
    starts.push(total);
    total += shape[axis];
  }
  return { axis, starts, whole: { shape: first.map((extent, i) => (i === axis ? total : extent)), type } };
}

const alongAxis = (rank: number, axis: number, value: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === axis ? value : 0));

/** The tangent of one operand between zeros. */
function placed(b: Builder, t: number, whole: ValueType, axis: number, start: number): number {
  const { shape } = b.type(t);
  const [rank, rest] = [shape.length, whole.shape[axis] - start - shape[axis]];
  return apply(b, "pad", [t], { low: alongAxis(rank, axis, start), high: alongAxis(rank, axis, rest) });
}

export const concatOp: Op = {
  name: "concat",
  doc: "Joins arrays along an axis.",
  operands: ["x..."],
  options: [{ name: "axis", type: "integer", default: 0, doc: "the axis along which the operands follow each other" }],
  kinks: [],
  infer: (inputs, options) => [layoutOf(inputs, options).whole],
  lower: ({ node, inputs, outputs, type, read, emit }) => {
    const { axis, starts, whole } = layoutOf(inputs.map(type), node.options);
    const pieces = inputs.map((value, i) => {
      const { shape } = type(value);
      return { at: alongAxis(shape.length, axis, starts[i]), shape, from: read(value, shape) };
    });
    emit({ node: node.id, loop: "move", shape: whole.shape, pieces, output: outputs[0] });
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return at.inputs.map(() => undefined);
    const types = at.inputs.map((value) => b.type(value));
    const { axis, starts, whole } = layoutOf(types, at.options);
    return types.map(({ shape }, i) => {
      const from = alongAxis(shape.length, axis, starts[i]);
      const stops = whole.shape.map((extent, j) => (j === axis ? starts[i] + shape[axis] : extent));
      return apply(b, "slice", [g], { starts: from, stops });
    });
  },
  pushforward: (b, at, tangents) => {
    const { axis, starts, whole } = layoutOf(
      at.inputs.map((value) => b.type(value)),
      at.options,
    );
    if (tangents.every((t) => t !== undefined)) return b.apply("concat", tangents, at.options);
    return [
      addAll(
        b,
        tangents.map((t, i) => (t === undefined ? undefined : placed(b, t, whole, axis, starts[i]))),
      ),
    ];
  },
};

/** Joins tensors along an axis. @throws ShapeError where other extents differ. */
export function concat(tensors: readonly Tensor[], axis: number = 0): Tensor {
  return call(concatOp, tensors, { axis });
}
