/** Ops that move elements: values, empty shapes, errors, derivatives of both orders. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/base/errors.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { broadcast, concat, pad, reshape, slice, transpose } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";
import { checkDerivatives } from "./derivatives.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function apply(
  fn: (x: Tensor) => Tensor,
  shape: readonly number[],
  data = range(shape.reduce((a, b) => a * b, 1)),
): number[] {
  return evaluate(
    trace(({ x }) => fn(x), { x: shape }),
    { x: data },
    "float64",
  ).output;
}

describe("reshape", () => {
  test("keeps row-major order and finds the one free extent", () => {
    expect(trace(({ x }) => reshape(x, [-1, 2]), { x: [2, 3] }).values[1].shape).toEqual([3, 2]);
    expect(apply((x) => reshape(x, [3, -1]), [2, 3])).toEqual(range(6));
  });
  test("of nothing is nothing, and a scalar has one element", () => {
    expect(apply((x) => reshape(x, [3, 0]), [0, 5])).toEqual([]);
    expect(apply((x) => reshape(x, []), [1, 1], [7])).toEqual([7]);
  });
  test("names both shapes where the sizes differ", () => {
    expect(() => apply((x) => reshape(x, [4, 2]), [2, 3])).toThrow(/reshape: \[2, 3\] cannot become \[4, 2\]/);
    expect(() => apply((x) => reshape(x, [-1, 0]), [0, 3])).toThrow(ShapeError);
  });
  test("keeps -0 and NaN", () => {
    expect(apply((x) => reshape(x, [3, 1]), [3], [-0, Number.NaN, 1])).toEqual([-0, Number.NaN, 1]);
  });
});

describe("transpose", () => {
  test("reverses axes, or permutes them", () => {
    expect(apply((x) => transpose(x), [2, 3])).toEqual([0, 3, 1, 4, 2, 5]);
    expect(apply((x) => transpose(x, [1, 2, 0]), [2, 1, 3])).toEqual([0, 3, 1, 4, 2, 5]);
  });
  test("rejects what is no permutation", () => {
    expect(() => apply((x) => transpose(x, [0, 0]), [2, 3])).toThrow(/not a permutation/);
  });
});

describe("broadcast", () => {
  test("repeats along extents 1 and new axes, also to nothing", () => {
    expect(apply((x) => broadcast(x, [2, 2, 2]), [2, 1])).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect(apply((x) => broadcast(x, [0, 3]), [1, 3])).toEqual([]);
  });
  test("does not shrink", () => {
    expect(() => apply((x) => broadcast(x, [2, 1]), [2, 3])).toThrow(
      /broadcast: \[2, 3\] cannot be broadcast to \[2, 1\]/,
    );
  });
});

describe("slice and pad", () => {
  test("slice takes every step-th element; negative bounds count from the end", () => {
    expect(apply((x) => slice(x, [1, 0], [3, 5], [1, 2]), [3, 5])).toEqual([5, 7, 9, 10, 12, 14]);
    expect(apply((x) => slice(x, [-2], [-1]), [5])).toEqual([3]);
    expect(apply((x) => slice(x, [2], [2]), [5])).toEqual([]);
  });
  test("pad puts zeros around and between", () => {
    expect(apply((x) => pad(x, [1], [2]), [2], [7, 8])).toEqual([0, 7, 8, 0, 0]);
    expect(apply((x) => pad(x, [1], [1], [2]), [3], [7, 8, 9])).toEqual([0, 7, 0, 0, 8, 0, 0, 9, 0]);
    expect(apply((x) => pad(x, [0, 1], [0, 0], [1, 0]), [2, 2])).toEqual([0, 0, 1, 0, 0, 0, 0, 2, 3]);
    expect(apply((x) => pad(x, [2], [1], [3]), [0])).toEqual([0, 0, 0]);
  });
  test("bounds that do not fit are errors with the shape", () => {
    expect(() => apply((x) => slice(x, [0], [6]), [5])).toThrow(/slice: .* do not fit shape \[5\]/);
    expect(() => apply((x) => slice(x, [0], [5], [0]), [5])).toThrow(ShapeError);
    expect(() => apply((x) => pad(x, [-1], [0]), [5])).toThrow(ShapeError);
  });
});

describe("concat", () => {
  test("joins along an axis, empty parts too", () => {
    const program = trace(({ x, y, z }) => concat([x, y, z], 1), { x: [2, 1], y: [2, 2], z: [2, 0] });
    expect(evaluate(program, { x: [1, 2], y: [3, 4, 5, 6], z: [] }).output).toEqual([1, 3, 4, 2, 5, 6]);
  });
  test("names the shapes that differ", () => {
    expect(() => trace(({ x, y }) => concat([x, y], 1), { x: [2, 1], y: [3, 1] })).toThrow(/\[2, 1\] and \[3, 1\]/);
    expect(() => trace(() => concat([]), {})).toThrow();
  });
});

describe("derivatives", () => {
  test.each<[string, (x: Tensor, y: Tensor) => Tensor]>([
    ["reshape", (x) => reshape(x, [3, 4])],
    ["transpose", (x) => transpose(x, [2, 0, 1])],
    ["broadcast", (x) => broadcast(reshape(x, [2, 3, 1, 2]), [2, 2, 3, 3, 2])],
    ["slice", (x) => slice(x, [0, 1, 0], [2, 3, 2], [1, 2, 1])],
    ["pad", (x) => pad(x, [1, 0, 2], [0, 1, 0], [0, 2, 1])],
    ["concat", (x, y) => concat([x, y, x], 1)],
  ])("%s", (_, fn) => {
    checkDerivatives(({ x, y }) => fn(x, y), { x: [2, 3, 2], y: [2, 1, 2] });
  });
});
