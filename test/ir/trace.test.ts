import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/base/errors.ts";
import { print } from "../../src/ir/print.ts";
import { extend, type Tensor, trace, update } from "../../src/ir/trace.ts";
import { add, clamp, constant, exp, matmul, mul, ops, relu, sub } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

describe("trace", () => {
  test("a program lists inputs, nodes with kinks, and outputs", () => {
    const program = trace(({ x, w }) => relu(matmul(x, w)), { x: [2, 3], w: [3, 4] });
    expect(print(program, ops).split("\n")).toEqual([
      "input x = %0 : store[2, 3]",
      "input w = %1 : store[3, 4]",
      "%2 = matmul(%0, %1, transposeA=false, transposeB=false) : store[2, 4]",
      "%3 = relu(%2) : store[2, 4]   kink relu.zero@1",
      "output output = %3",
    ]);
  });

  test("a shape error says the op, both shapes and the line of the call", () => {
    const call = (): unknown => trace(({ x, y }) => add(x, y), { x: [2, 3], y: [4] });
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(/^add: shapes \[2, 3\] and \[4\] do not broadcast \(at trace\.test\.ts:\d+:\d+\)$/);
  });

  test("numbers become constants of the type of the tensors beside them", () => {
    const program = trace(({ x }) => mul(x, 2), { x: { shape: [2], type: "accumulate" } });
    expect(program.values.map((value) => value.type)).toEqual(["accumulate", "accumulate", "accumulate"]);
    expect(evaluate(program, { x: [1.5, -0] }).output).toEqual([3, -0]);
  });

  test("tensors of two traces do not mix", () => {
    let stray: Tensor | undefined;
    trace(
      ({ x }) => {
        stray = x;
        return x;
      },
      { x: [1] },
    );
    const other = stray as Tensor;
    expect(() => trace(({ x }) => add(x, other), { x: [1] })).toThrow(/add: operands of two different traces/);
    expect(() => trace(() => other, { x: [1] })).toThrow(/output 'output' belongs to another trace/);
  });

  test("two float types do not mix silently", () => {
    const specs = { x: [2], y: { shape: [2], type: "accumulate" } };
    expect(() => trace(({ x, y }) => add(x, y), specs)).toThrow(/add: operands are of types store and accumulate/);
  });

  test("wrong calls are usage errors", () => {
    expect(() => constant(1)).toThrow(UsageError);
    expect(() => trace(({ x }) => clamp(x, 2, 1), { x: [1] })).toThrow(/clamp: low 2 and high 1, expected low <= high/);
    expect(() => trace(({ x }) => exp(x), { x: { shape: [1], type: "int32" } })).toThrow(/exp: operands are int32/);
    expect(() => trace(({ x }) => x, { x: [-1] })).toThrow(/extent -1/);
    expect(() => trace(({ x }) => ({ x: relu(x) }), { x: [1] })).toThrow(/output 'x' has the name of an input/);
  });

  test("extend adds inputs and outputs; an update takes over the buffer of an input", () => {
    const loss = trace(({ w }) => ({ loss: mul(w, w) }), { w: [1] });
    const step = extend(loss, ({ w, rate, loss: l }) => ({ next: update("w", sub(w, mul(rate, l))) }), { rate: [] });
    expect(step.outputs.map(({ name, alias }) => [name, alias])).toEqual([
      ["loss", undefined],
      ["next", "w"],
    ]);
    expect(evaluate(step, { w: [2], rate: [0.25] }).next).toEqual([1]);
  });

  test("constants: one value fills, a list is row-major, zeros keep their sign", () => {
    const program = trace(() => ({ fill: constant(7, [2]), list: constant([1, -0, 0.5, 4, 5, 6], [2, 3]) }), {});
    expect(evaluate(program, {})).toEqual({ fill: [7, 7], list: [1, -0, 0.5, 4, 5, 6] });
    expect(() => trace(() => constant([1, 2], [3]), {})).toThrow(/constant: 2 values for shape \[3\]/);
  });
});
