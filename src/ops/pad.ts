/** Puts zeros before, after and between the elements along each axis: the adjoint of slice. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape, stridesOf } from "../base/shape.ts";
import type { Access } from "../ir/loops.ts";
import type { Tensor } from "../ir/trace.ts";
import { integersOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Lowering, Op, Options } from "./op.ts";
import { apply, linearPushforward, unaryPullback } from "./rules.ts";

interface Padding {
  readonly low: readonly number[];
  readonly step: readonly number[];
  readonly shape: Shape;
}

/** @throws ShapeError unless there is one padding >= 0 per axis. */
function paddingOf(shape: Shape, options: Options): Padding {
  const low = integersOf("pad", options, "low");
  const high = integersOf("pad", options, "high");
  const interior = options.interior === null ? shape.map(() => 0) : integersOf("pad", options, "interior");
  if ([low, high, interior].some((list) => list.length !== shape.length || list.some((extent) => extent < 0))) {
    const text = `low ${showShape(low)}, high ${showShape(high)}, interior ${showShape(interior)}`;
    throw new ShapeError(`pad: ${text} do not fit shape ${showShape(shape)}; expected one length >= 0 per axis`);
  }
  const covered = shape.map((extent, axis) => (extent === 0 ? 0 : (extent - 1) * (interior[axis] + 1) + 1));
  return {
    low,
    step: interior.map((extent) => extent + 1),
    shape: covered.map((extent, axis) => low[axis] + extent + high[axis]),
  };
}

/** The operand with zeros after every element, as an access: each axis n becomes [n, step], flattened to n * step. */
function dilate({ node, inputs, type, scratch, read, emit }: Lowering, step: readonly number[]): Access {
  const { shape, type: element } = type(inputs[0]);
  const compact = read(inputs[0], shape);
  if (step.every((extent) => extent === 1)) return compact;
  const flat = shape.map((extent, axis) => extent * step[axis]);
  const output = scratch(flat, element);
  const from = { ...compact, strides: compact.strides.flatMap((stride) => [stride, 0]) };
  emit({
    node: node.id,
    loop: "move",
    shape: shape.flatMap((extent, axis) => [extent, step[axis]]),
    pieces: [{ at: shape.flatMap(() => [0, 0]), shape: shape.flatMap((extent) => [extent, 1]), from }],
    output,
  });
  return { value: output, strides: stridesOf(flat), offset: 0 };
}

export const padOp: Op = {
  name: "pad",
  doc: "Puts zeros before, after and between the elements along each axis.",
  operands: ["x"],
  options: [
    { name: "low", type: "integers", doc: "zeros before the first element, per axis" },
    { name: "high", type: "integers", doc: "zeros after the last element, per axis" },
    { name: "interior", type: "integers", default: null, doc: "zeros between two elements, per axis; 0 unless given" },
  ],
  kinks: [],
  infer: ([x], options) => [{ shape: paddingOf(x.shape, options).shape, type: x.type }],
  lower: (context) => {
    const { node, inputs, outputs, type, emit } = context;
    const own = type(inputs[0]).shape;
    const { low, step, shape } = paddingOf(own, node.options);
    const from = dilate(context, step);
    const covered = own.map((extent, axis) => (extent === 0 ? 0 : (extent - 1) * step[axis] + 1));
    emit({ node: node.id, loop: "move", shape, pieces: [{ at: low, shape: covered, from }], output: outputs[0] });
  },
  pullback: unaryPullback((b, at, g, own) => {
    const { low, step } = paddingOf(own, at.options);
    const stops = own.map((extent, axis) => low[axis] + (extent === 0 ? 0 : (extent - 1) * step[axis] + 1));
    return apply(b, "slice", [g], { starts: low, stops, steps: step });
  }),
  pushforward: linearPushforward,
};

/** Puts zeros before, after and between the elements along each axis. @throws ShapeError */
export function pad(
  x: Operand,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[] | null = null,
): Tensor {
  return call(padOp, [x], { low, high, interior });
}
