/** A regular part of an array. */
import { ShapeError } from "../base/errors.ts";
import { type Shape, showShape, stridesOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { integersOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op, Options } from "./op.ts";
import { apply, linearPushforward, unaryPullback } from "./rules.ts";

interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** @throws ShapeError unless 0 <= start <= stop <= extent and step >= 1 along every axis (after negative bounds count from the end). */
function rangesOf(shape: Shape, options: Options): Range[] {
  const starts = integersOf("slice", options, "starts");
  const stops = integersOf("slice", options, "stops");
  const steps = options.steps === null ? shape.map(() => 1) : integersOf("slice", options, "steps");
  const text = `starts ${showShape(starts)}, stops ${showShape(stops)}, steps ${showShape(steps)}`;
  const wrong = (): ShapeError => new ShapeError(`slice: ${text} do not fit shape ${showShape(shape)}`);
  if ([starts, stops, steps].some((list) => list.length !== shape.length)) throw wrong();
  return shape.map((extent, axis) => {
    const [start, stop] = [starts[axis], stops[axis]].map((bound) => (bound < 0 ? bound + extent : bound));
    const step = steps[axis];
    if (!(0 <= start && start <= stop && stop <= extent && step >= 1)) throw wrong();
    return { start, step, count: Math.ceil((stop - start) / step) };
  });
}

export const sliceOp: Op = {
  name: "slice",
  doc: "The elements start, start + step, ... below stop along each axis.",
  operands: ["x"],
  options: [
    { name: "starts", type: "integers", doc: "first index per axis; negative ones count from the end" },
    { name: "stops", type: "integers", doc: "index after the last, per axis; negative ones count from the end" },
    { name: "steps", type: "integers", default: null, doc: "positive step per axis; 1 unless given" },
  ],
  kinks: [],
  infer: ([x], options) => [{ shape: rangesOf(x.shape, options).map(({ count }) => count), type: x.type }],
  lower: ({ node, inputs, outputs, type, emit }) => {
    const whole = type(inputs[0]).shape;
    const { shape } = type(outputs[0]);
    const strides = stridesOf(whole);
    const ranges = rangesOf(whole, node.options);
    const offset = ranges.reduce((place, { start }, axis) => place + start * strides[axis], 0);
    const from = { value: inputs[0], strides: ranges.map(({ step }, axis) => step * strides[axis]), offset };
    const pieces = [{ at: shape.map(() => 0), shape, from }];
    emit({ node: node.id, loop: "move", shape, pieces, output: outputs[0] });
  },
  pullback: unaryPullback((b, at, g, shape) => {
    const ranges = rangesOf(shape, at.options);
    const covered = ranges.map(({ count, step }) => (count === 0 ? 0 : (count - 1) * step + 1));
    return apply(b, "pad", [g], {
      low: ranges.map(({ start }) => start),
      high: ranges.map(({ start }, axis) => shape[axis] - start - covered[axis]),
      interior: ranges.map(({ step }) => step - 1),
    });
  }),
  pushforward: linearPushforward,
};

/** The elements start, start + step, ... below stop along each axis. @throws ShapeError */
export function slice(
  x: Operand,
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[] | null = null,
): Tensor {
  return call(sliceOp, [x], { starts, stops, steps });
}
