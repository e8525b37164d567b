/** Sums, means, maxima and norms: empty axes, order of sums, ties, the norm at zero. */
import { describe, expect, test } from "vitest";
import { census, gradient, pullback, pushforward } from "../../src/autodiff/index.ts";
import { convention } from "../../src/conventions/index.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { cast, l2norm, mean, ne, reduceMax, sum } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";
import { checkDerivatives } from "./derivatives.ts";

const reduce = (
  fn: (x: Tensor) => Tensor,
  shape: readonly number[],
  data: readonly number[],
  spec = "float64",
): number[] =>
  evaluate(
    trace(({ x }) => fn(x), { x: shape }),
    { x: data },
    spec,
  ).output;

describe("sum and mean", () => {
  test("reduce any axes, keeping them or not", () => {
    const data = [1, 2, 3, 4, 5, 6];
    expect(reduce((x) => sum(x), [2, 3], data)).toEqual([21]);
    expect(reduce((x) => sum(x, [0]), [2, 3], data)).toEqual([5, 7, 9]);
    expect(reduce((x) => sum(x, [-1]), [2, 3], data)).toEqual([6, 15]);
    expect(reduce((x) => mean(x, [0, 2]), [1, 2, 3], data)).toEqual([2, 5]);
    expect(trace(({ x }) => sum(x, [1], true), { x: [2, 3] }).values[1].shape).toEqual([2, 1]);
    expect(reduce((x) => sum(x, []), [2], [-0, 5])).toEqual([0, 5]);
  });
  test("an empty sum is +0, an empty mean NaN, a sum to nothing nothing", () => {
    expect(reduce((x) => sum(x, [1]), [2, 0], [])).toEqual([0, 0]);
    expect(reduce((x) => mean(x, [1]), [2, 0], [])).toEqual([Number.NaN, Number.NaN]);
    expect(reduce((x) => sum(x, [1]), [0, 2], [])).toEqual([]);
  });
  test("blocks of 256 terms, each from +0: a large first term swallows its own block only", () => {
    const data = [2 ** 24, ...new Array<number>(511).fill(1)];
    expect(reduce((x) => sum(x), [512], data, "float32")).toEqual([2 ** 24 + 256]);
    expect(reduce((x) => sum(x), [512], new Array<number>(512).fill(-0), "float32")).toEqual([0]);
  });
  test("the sum is in float32 for float16 and rounds once", () => {
    expect(reduce((x) => mean(x), [3], [60000, 60000, 60000], "float16")).toEqual([60000]);
    expect(reduce((x) => sum(x), [2], [60000, 60000], "float16")).toEqual([Number.POSITIVE_INFINITY]);
  });
  test("booleans and integers sum exactly", () => {
    const program = trace(({ x }) => sum(ne(x, 0)), { x: [4] });
    expect(program.values[program.outputs[0].value].type).toBe("int32");
    expect(evaluate(program, { x: [1, 0, -0, Number.NaN] }, "float8_e4m3").output).toEqual([2]);
    expect(reduce((x) => sum(cast(x, "int32")), [2], [16777216, 1], "float64")).toEqual([16777217]);
  });
  test("an axis that is not there is an error with the shape", () => {
    expect(() => trace(({ x }) => sum(x, [2]), { x: [2, 3] })).toThrow(/sum: no axis 2 in shape \[2, 3\]/);
    expect(() => trace(({ x }) => sum(x, [0, -2]), { x: [2, 3] })).toThrow(/twice/);
  });
});

const tied = [1, 2, 2, 2];
const maxGradient = (choice: string, data = tied, spec = "float64"): number[] => {
  const program = trace(({ x }) => reduceMax(x), { x: [data.length] });
  return evaluate(gradient(program, convention({ "reduceMax.tie": choice })), { x: data }, spec)["d:x"];
};

describe("reduceMax", () => {
  test("gives ties their share by each rule", () => {
    expect(maxGradient("even")).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
    expect(maxGradient("first")).toEqual([0, 1, 0, 0]);
    expect(maxGradient("last")).toEqual([0, 0, 0, 1]);
    expect(maxGradient("all")).toEqual([0, 1, 1, 1]);
    expect(() => maxGradient("frist")).toThrow(/did you mean first/);
    expect(() => maxGradient("second")).toThrow(/reduceMax.tie/);
  });
  test("zeros of both signs tie", () => {
    expect(reduce((x) => reduceMax(x), [2], [-0, 0])).toEqual([0]);
    expect(maxGradient("even", [-0, 0])).toEqual([0.5, 0.5]);
  });
  test("NaN is the maximum and takes the gradient", () => {
    expect(reduce((x) => reduceMax(x), [3], [1, Number.NaN, 2])).toEqual([Number.NaN]);
    expect(maxGradient("even", [1, Number.NaN, 2, Number.NaN])).toEqual([0, 0.5, 0, 0.5]);
    expect(maxGradient("last", [1, Number.NaN, 2, Number.NaN])).toEqual([0, 0, 0, 1]);
  });
  test("more ties than the format counts exactly: shares are divided in the integers", () => {
    const many = new Array<number>(100).fill(2);
    expect(new Set(maxGradient("even", many, "float8_e4m3"))).toEqual(new Set([0.009765625]));
  });
  test("ties are counted per maximum, NaNs too since the rule decides which of them gets the gradient", () => {
    const program = trace(({ x }) => reduceMax(x, [0]), { x: [3, 3] });
    const data = [1, 5, Number.NaN, 1, 5, Number.NaN, 0, 4, 2];
    const counts = evaluate(census(program), { x: data });
    expect(counts["census:reduceMax.tie@0"]).toEqual([3]);
    const back = evaluate(
      pullback(program, convention({ "reduceMax.tie": "last" })),
      { x: data, output: [1, 5, Number.NaN], "d:output": [10, 20, 30] },
      "float64",
    );
    expect(back["d:x"]).toEqual([0, 0, 0, 10, 20, 30, 0, 0, 0]);
  });
  test("the one-sided derivative is the largest tangent among the ties", () => {
    const program = trace(({ x }) => reduceMax(x), { x: [4] });
    const tangent = { x: tied, "t:x": [9, -3, -1, -2] };
    expect(evaluate(pushforward(program, undefined, { oneSided: true }), tangent)["t:output"]).toEqual([-1]);
    expect(evaluate(pushforward(program, undefined), tangent, "float64")["t:output"]).toEqual([-2]);
  });
  test("over no elements there is none", () => {
    expect(() => trace(({ x }) => reduceMax(x, [1]), { x: [2, 0] })).toThrow(/reduceMax: shape \[2, 0\]/);
    expect(reduce((x) => reduceMax(x, [1]), [0, 2], [])).toEqual([]);
  });
});

const normGradient = (choice: number | string, data: readonly number[], spec = "float64"): number[] => {
  const program = trace(({ x }) => l2norm(x), { x: [data.length] });
  return evaluate(gradient(program, convention({ "l2norm.zero": choice }), { seed: 2 }), { x: data }, spec)["d:x"];
};

describe("l2norm", () => {
  test("of nothing is 0", () => {
    expect(reduce((x) => l2norm(x), [0], [])).toEqual([0]);
    expect(reduce((x) => l2norm(x, [1]), [2, 2], [3, 4, -0, 0])).toEqual([5, 0]);
  });
  test("at zero each entry gets the number, or NaN", () => {
    expect(normGradient(0, [0, -0])).toEqual([0, 0]);
    expect(normGradient(0.5, [0, 0])).toEqual([1, 1]);
    expect(normGradient("NaN", [0, 0])).toEqual([Number.NaN, Number.NaN]);
    expect(normGradient(0.5, [3, 4])).toEqual([1.2, 1.6]);
  });
  test("the kink is at the computed norm: squares that underflow", () => {
    expect(normGradient(0.25, [1e-30, 0], "float32")).toEqual([0.5, 0.5]);
    const program = trace(({ x }) => l2norm(x, [1]), { x: [3, 2] });
    const counts = evaluate(census(program), { x: [1e-30, 0, 0, -0, 1, 0] }, "float32");
    expect(counts["census:l2norm.zero@0"]).toEqual([2]);
  });
  test("the one-sided derivative at zero is the norm of the tangent", () => {
    const program = pushforward(
      trace(({ x }) => l2norm(x), { x: [2] }),
      undefined,
      { oneSided: true },
    );
    expect(evaluate(program, { x: [0, 0], "t:x": [3, -4] })["t:output"]).toEqual([5]);
    expect(evaluate(program, { x: [3, 4], "t:x": [5, 0] })["t:output"]).toEqual([3]);
  });
});

describe("derivatives", () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ["sum", (x) => sum(x, [0, 2])],
    ["sum, kept", (x) => sum(x, [1], true)],
    ["mean", (x) => mean(x, [1])],
    ["reduceMax", (x) => reduceMax(x, [1])],
    ["l2norm", (x) => l2norm(x, [0, 1])],
    ["l2norm, kept", (x) => l2norm(x, [2], true)],
  ])("%s", (_, fn) => {
    checkDerivatives(({ x }) => fn(x), { x: [2, 3, 2] });
  });
});
