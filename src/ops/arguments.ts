/** Reading of operands and options shared by ops that are not elementwise. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Access, ElementType, ValueType } from "../ir/loops.ts";
import type { Json } from "../ir/program.ts";
import { isFloatType } from "./infer.ts";
import type { Options } from "./op.ts";

/** The one float type of some operands. @throws UsageError where they are not floats or differ. */
export function floatTypeOf(op: string, inputs: readonly ValueType[]): ElementType {
  const types = [...new Set(inputs.map(({ type }) => type))];
  const bad = types.find((type) => !isFloatType(type));
  if (bad !== undefined) throw new UsageError(`${op}: operand of type ${bad}, expected floats`);
  if (types.length > 1) throw new UsageError(`${op}: operands of types ${types.join(" and ")}, expected one; use cast`);
  return types[0];
}

/** @throws UsageError unless the option is a list of integers. */
export function integersOf(op: string, options: Options, name: string): number[] {
  const value = options[name];
  if (Array.isArray(value) && value.every((entry) => Number.isInteger(entry))) return [...(value as number[])];
  throw new UsageError(`${op}: ${name} is ${JSON.stringify(value)}, expected a list of integers`);
}

/** An axis in 0 .. rank - 1; negative ones count from the end. @throws ShapeError. */
export function axisOf(op: string, shape: Shape, axis: Json | undefined): number {
  const rank = shape.length;
  if (typeof axis === "number" && Number.isInteger(axis) && axis >= -rank && axis < rank) {
    return axis < 0 ? axis + rank : axis;
  }
  throw new ShapeError(`${op}: no axis ${JSON.stringify(axis)} in shape ${showShape(shape)}`);
}

/** Axes in increasing order; `null` is all of them, one number is one axis. @throws ShapeError on a repeated or missing axis. */
export function axesOf(op: string, shape: Shape, axes: Json | undefined): number[] {
  if (axes === undefined || axes === null) return shape.map((_, axis) => axis);
  const found = (Array.isArray(axes) ? axes : [axes]).map((axis) => axisOf(op, shape, axis));
  const sorted = [...new Set(found)].sort((a, b) => a - b);
  if (sorted.length < found.length) throw new ShapeError(`${op}: axes ${JSON.stringify(axes)} name one axis twice`);
  return sorted;
}

/** How a reduction over some axes walks an array. */
export interface Reduction {
  readonly outer: readonly number[];
  readonly reduced: readonly number[];
  /** The shape with every reduced extent 1. */
  readonly kept: readonly number[];
  /** Elements per sum. */
  readonly count: number;
  /** Axes in the order [...outer, ...reduced]. */
  readonly order: readonly number[];
  /** Reads a value of the full shape over [...outer, ...reduced]. */
  access(value: number): Access;
}

export function reductionOf(shape: Shape, axes: readonly number[]): Reduction {
  const all = shape.map((_, axis) => axis);
  const order = [...all.filter((axis) => !axes.includes(axis)), ...axes];
  const strides = stridesOf(shape);
  const reduced = axes.map((axis) => shape[axis]);
  return {
    outer: order.slice(0, order.length - axes.length).map((axis) => shape[axis]),
    reduced,
    kept: shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
    count: sizeOf(reduced),
    order,
    access: (value) => ({ value, strides: order.map((axis) => strides[axis]), offset: 0 }),
  };
}
