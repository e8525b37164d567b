/** gather, scatterAdd, oneHot. */
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { trace } from "../../src/ir/trace.ts";
import { gather, oneHot, scatterAdd } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";
import { checkDerivatives } from "./derivatives.ts";

const ints = (...shape: number[]): { shape: number[]; type: string } => ({ shape, type: "int32" });

describe("gather", () => {
  test("replaces the axis by the shape of the indices", () => {
    const program = trace(({ t, i }) => gather(t, i, 1), { t: [2, 3], i: ints(2, 2) });
    expect(program.values[program.outputs[0].value].shape).toEqual([2, 2, 2]);
    expect(evaluate(program, { t: [1, 2, 3, 4, 5, 6], i: [2, 0, 0, 1] }).output).toEqual([3, 1, 1, 2, 6, 4, 4, 5]);
    const none = trace(({ t, i }) => gather(t, i), { t: [2, 3], i: ints(0) });
    expect(evaluate(none, { t: [1, 2, 3, 4, 5, 6], i: [] }).output).toEqual([]);
  });
  test("an index that is not there is an error when it runs", () => {
    const program = trace(({ t, i }) => gather(t, i), { t: [3], i: ints(1) });
    expect(() => evaluate(program, { t: [1, 2, 3], i: [3] })).toThrow(UsageError);
    expect(() => trace(({ t, i }) => gather(t, i), { t: [3], i: [1] })).toThrow(/indices of type store/);
  });
});

describe("scatterAdd", () => {
  test("sums each row in increasing order of the indices; an untouched row is +0", () => {
    const program = trace(({ v, i }) => scatterAdd(v, i, 3), { v: [3, 2], i: ints(3) });
    expect(evaluate(program, { v: [1, 2, 3, 4, -0, -0], i: [2, 2, 0] }).output).toEqual([0, 0, 0, 0, 4, 6]);
  });
});

test("oneHot marks each label; a label that is no class marks nothing", () => {
  const program = trace(({ y }) => oneHot(y, 3), { y: ints(3) });
  expect(evaluate(program, { y: [2, 0, 5] }).output).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0]);
});

describe("derivatives", () => {
  test("gather", () => {
    checkDerivatives(({ t, i }) => gather(t, i, 1), { t: [2, 4, 2], i: ints(3) }, { i: [1, 3, 1] });
  });
  test("scatterAdd", () => {
    checkDerivatives(({ v, i }) => scatterAdd(v, i, 4, 1), { v: [2, 2, 2], i: ints(2) }, { i: [3, 3] });
  });
});
