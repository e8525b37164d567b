/** matmul and linear against plain loops: every layout, broadcasting, empty extents, the rounding of the bias. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pullback } from "../../src/autodiff/index.ts";
import { ShapeError } from "../../src/base/errors.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { type Specs, type Tensor, trace } from "../../src/ir/trace.ts";
import { add, linear, matmul, relu } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import { evaluate } from "../run.ts";
import { checkDerivatives, draw } from "./derivatives.ts";

const shapeOf = (
  fn: (x: { a: Tensor; b: Tensor }) => Tensor,
  specs: { a: number[]; b: number[] },
): readonly number[] => {
  const program = trace(fn, specs);
  return program.values[program.outputs[0].value].shape;
};

/** a [batch.., m, k] times b [batch.., k, n], both with one batch axis or none, summed in order (K < block). */
function naive(
  a: readonly number[],
  b: readonly number[],
  [batch, m, k, n]: readonly number[],
  stepA: number,
  stepB: number,
): number[] {
  const result: number[] = [];
  for (let i = 0; i < batch * m * n; i++) {
    const [p, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
    let sum = 0;
    for (let j = 0; j < k; j++) sum += a[p * stepA + row * k + j] * b[p * stepB + j * n + column];
    result.push(sum);
  }
  return result;
}

const swapped = (x: readonly number[], rows: number, columns: number): number[] =>
  Array.from({ length: x.length }, (_, i) => {
    const [p, place] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
    return x[p * rows * columns + (place % rows) * columns + Math.floor(place / rows)];
  });

describe("matmul", () => {
  test("all layouts and batch broadcasts equal plain loops", () => {
    const extent = fc.integer({ min: 0, max: 5 });
    const flags = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });
    const batches = fc.constantFrom([3, 3], [1, 3], [3, 1], [3, 0], [0, 3]);
    fc.assert(
      fc.property(extent, extent, extent, flags, batches, (m, k, n, options, [batchA, batchB]) => {
        const lead = (batch: number): number[] => (batch === 0 ? [] : [batch]);
        const shapeA = [...lead(batchA), ...(options.transposeA ? [k, m] : [m, k])];
        const shapeB = [...lead(batchB), ...(options.transposeB ? [n, k] : [k, n])];
        const [a, b] = [draw(sizeOf(shapeA), "a"), draw(sizeOf(shapeB), "b")];
        const program = trace((x) => matmul(x.a, x.b, options), { a: shapeA, b: shapeB });
        const result = evaluate(program, { a, b }, "float64").output;
        const plainA = options.transposeA ? swapped(a, k, m) : a;
        const plainB = options.transposeB ? swapped(b, n, k) : b;
        const expected = naive(plainA, plainB, [3, m, k, n], batchA === 3 ? m * k : 0, batchB === 3 ? k * n : 0);
        expect(result).toEqual(expected);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
  test("1-d operands drop their axis", () => {
    expect(shapeOf(({ a, b }) => matmul(a, b), { a: [3], b: [3] })).toEqual([]);
    expect(shapeOf(({ a, b }) => matmul(a, b), { a: [3], b: [2, 3, 4] })).toEqual([2, 4]);
    expect(shapeOf(({ a, b }) => matmul(a, b), { a: [5, 2, 3], b: [3] })).toEqual([5, 2]);
    expect(shapeOf(({ a, b }) => matmul(a, b), { a: [7, 1, 2, 3], b: [5, 3, 4] })).toEqual([7, 5, 2, 4]);
  });
  test("sums over no terms are +0", () => {
    const program = trace(({ a, b }) => matmul(a, b), { a: [2, 0], b: [0, 1] });
    expect(evaluate(program, { a: [], b: [] }).output).toEqual([0, 0]);
  });
  test("shapes that do not fit are named with the traced call", () => {
    const call = (a: number[], b: number[]) => () => trace((x) => matmul(x.a, x.b), { a, b });
    expect(call([2, 3], [4, 5])).toThrow(/matmul: shapes \[2, 3\] and \[4, 5\].*3 terms.*4.*products\.test\.ts:\d+/);
    expect(call([2, 2, 3], [3, 3, 5])).toThrow(/batch axes do not broadcast/);
    expect(call([], [3])).toThrow(ShapeError);
  });
  test.each<[string, Specs, object]>([
    ["matrices", { a: [2, 3], b: [3, 4] }, {}],
    ["matrices, both transposed", { a: [3, 2], b: [4, 3] }, { transposeA: true, transposeB: true }],
    ["one matrix for a batch", { a: [2, 2, 3], b: [3, 2] }, {}],
    ["one transposed matrix for a batch", { a: [2, 2, 3], b: [2, 3] }, { transposeB: true }],
    ["a transposed batch", { a: [2, 3, 2], b: [3, 2] }, { transposeA: true }],
    ["broadcast batches", { a: [2, 1, 1, 3], b: [3, 3, 2] }, {}],
    ["vectors", { a: [3], b: [3] }, {}],
    ["vector and batch", { a: [3], b: [2, 3, 2] }, {}],
    ["batch and vector", { a: [2, 2, 3], b: [3] }, {}],
  ])("derivatives: %s", (_, specs, options) => {
    checkDerivatives((x) => matmul(x.a, x.b, options), specs);
  });
});

describe("linear", () => {
  const specs = { x: [4, 3], w: [2, 3], b: [2] };
  test("is x w^T + b over any leading axes", () => {
    const program = trace(({ x, w, b }) => linear(x, w, b), { x: [2, 1, 2], w: [1, 2], b: [1] });
    expect(evaluate(program, { x: [1, 2, 3, 4], w: [10, 100], b: [5] }).output).toEqual([215, 435]);
    const vector = trace(({ x, w }) => linear(x, w), { x: [2], w: [3, 2] });
    expect(evaluate(vector, { x: [1, 2], w: [1, 0, 0, 1, 1, 1] }).output).toEqual([1, 2, 3]);
  });
  test("adds the bias before the only rounding; matmul and add round twice", () => {
    const data = { x: [1, 2 ** -11], w: [1, 1], b: [2 ** -11] };
    const once = trace(({ x, w, b }) => linear(x, w, b), { x: [1, 2], w: [1, 2], b: [1] });
    const twice = trace(({ x, w, b }) => add(matmul(x, w, { transposeB: true }), b), { x: [1, 2], w: [1, 2], b: [1] });
    expect(evaluate(once, data, "float16").output).toEqual([1 + 2 ** -10]);
    expect(evaluate(twice, data, "float16").output).toEqual([1]);
    expect(evaluate(once, data, { store: "float16", bias: "rounded" }).output).toEqual([1]);
  });
  test("without a batch there is nothing, and the gradients are zero", () => {
    const empty = { x: [0, 3], w: [2, 3], b: [2] };
    const program = pullback(trace(({ x, w, b }) => linear(x, w, b), empty));
    const found = evaluate(program, { x: [], w: draw(6, "w"), "d:output": [] });
    expect(found).toEqual({ "d:x": [], "d:w": [0, 0, 0, 0, 0, 0], "d:b": [0, 0] });
  });
  test("gradients of a layer are contractions that read by strides", () => {
    const program = pullback(trace(({ x, w, b }) => relu(linear(x, w, b)), specs));
    const loops = lower(program).loops.map(({ loop }) => loop);
    expect(loops.filter((loop) => loop === "contract").length).toBe(2);
    expect(loops).not.toContain("move");
  });
  test.each<[string, Specs]>([
    ["matrix", specs],
    ["vector", { ...specs, x: [3] }],
    ["batch", { ...specs, x: [2, 2, 3] }],
  ])("derivatives: %s", (_, given) => {
    checkDerivatives(({ x, w, b }) => ({ biased: linear(x, w, b), plain: linear(x, w) }), given);
  });
  test("shapes that do not fit are all named", () => {
    expect(() => trace(({ x, w, b }) => linear(x, w, b), { ...specs, b: [3] })).toThrow(
      /linear: x \[4, 3\], w \[2, 3\], b \[3\]/,
    );
  });
});
