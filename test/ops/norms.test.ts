/** Normalization and dropout: statistics, running statistics against PyTorch, counters, errors. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { joinedPullback, pushforward } from "../../src/autodiff/index.ts";
import { compile } from "../../src/compile.ts";
import type { Program } from "../../src/ir/program.ts";
import { type Tensor, trace, update } from "../../src/ir/trace.ts";
import {
  batchNorm,
  batchNormWithStatistics,
  dropout,
  groupNorm,
  layerNorm,
  mul,
  runningStatistics,
} from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

interface Running {
  readonly format: "float64" | "float32";
  readonly momentum: number;
  readonly steps: readonly (readonly number[])[];
  readonly [name: string]: unknown;
}

const file = new URL("../vectors/pytorch.json", import.meta.url);
const { runningStatistics: vectors } = JSON.parse(readFileSync(file, "utf8")) as {
  runningStatistics: readonly Running[];
};

describe("batch norm's running statistics against PyTorch", () => {
  const training = trace(
    ({ x, gamma, beta, mean, variance }) => {
      const { y, ...batch } = batchNormWithStatistics(x, gamma, beta);
      const next = runningStatistics({ mean, variance }, batch, 16, 0.25);
      return { y, newMean: update("mean", next.mean), newVariance: update("variance", next.variance) };
    },
    { x: [4, 3, 2, 2], gamma: [3], beta: [3], mean: [3], variance: [3] },
  );
  const evaluation = trace(
    ({ x, gamma, beta, mean, variance }) => ({ y: batchNorm(x, gamma, beta, { statistics: { mean, variance } }) }),
    { x: [2, 3, 2, 2], gamma: [3], beta: [3], mean: [3], variance: [3] },
  );
  test.each(vectors.map((v) => [v.format, v] as const))("%s", (format, v) => {
    const numbers = (name: string): number[] => v[name] as number[];
    const close = (found: ArrayLike<number>, name: string): void =>
      numbers(name).forEach((expected, i) => {
        expect(found[i], `${name} ${i}`).toBeCloseTo(expected, format === "float64" ? 13 : 5);
      });
    const engine = compile(training, { precision: format });
    engine.write("mean", [0, 0, 0]);
    engine.write("variance", [1, 1, 1]);
    engine.write("gamma", numbers("gamma"));
    engine.write("beta", numbers("beta"));
    for (const step of v.steps) {
      engine.write("x", step);
      engine.run("program");
    }
    close(engine.buffer("mean"), "mean");
    close(engine.buffer("variance"), "variance");
    engine.dispose();
    const names = ["x", "gamma", "beta", "mean", "variance"];
    const inputs = Object.fromEntries(names.map((name) => [name, numbers(name)]));
    close(evaluate(evaluation, inputs, format).y, "y");
    const backward = joinedPullback(evaluation, undefined, { wrt: ["x", "gamma", "beta"] });
    const found = evaluate(backward, { ...inputs, "d:y": numbers("cotangent") }, format);
    for (const name of ["x", "gamma", "beta"]) close(found[`d:${name}`], `d${name}`);
  });
});

test("frozen statistics: dx = g gamma r, in both directions, and the bits of the forward", () => {
  const shapes = { x: [4, 2], g: [2], b: [2] };
  const [exact, frozen] = [false, true].map((kept) =>
    trace(({ x, g, b }) => ({ y: batchNormWithStatistics(x, g, b, 0, kept).y }), shapes),
  );
  const inputs = { x: [-1, 0.3, 0, 2, 1, -0.7, 4, 5], g: [2, -3], b: [0.5, 1] };
  expect(evaluate(frozen, inputs, "float64").y).toEqual(evaluate(exact, inputs, "float64").y);
  const cotangent = [1, 2, -3, 4, 0.5, -6, 7, 8];
  const { "d:x": dx } = evaluate(joinedPullback(frozen), { ...inputs, "d:y": cotangent }, "float64");
  const { "t:y": ty } = evaluate(
    pushforward(frozen, undefined, { wrt: ["x"] }),
    { ...inputs, "t:x": cotangent },
    "float64",
  );
  const variances = [0, 1].map((channel) => {
    const own = inputs.x.filter((_, i) => i % 2 === channel);
    const mean = own.reduce((sum, x) => sum + x, 0) / 4;
    return own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4;
  });
  cotangent.forEach((g, i) => {
    const expected = (g * inputs.g[i % 2]) / Math.sqrt(variances[i % 2]);
    expect(dx[i]).toBeCloseTo(expected, 13);
    expect(ty[i]).toBeCloseTo(expected, 13);
  });
});

describe("statistics", () => {
  test("are float32 inside narrow formats", () => {
    const program = trace(({ x, g, b }) => batchNorm(x, g, b, { eps: 0 }), { x: [4, 1], g: [1], b: [1] });
    const x = [60000, -60000, 60000, -60000];
    expect(evaluate(program, { x, g: [1], b: [0] }, "float16").output).toEqual([1, -1, 1, -1]);
    expect(evaluate(program, { x: [240, -240, 240, -240], g: [1], b: [0] }, "float8_e4m3").output).toEqual([
      1, -1, 1, -1,
    ]);
  });
  test("take two passes: a large mean does not swallow the variance", () => {
    const program = trace(({ x, g, b }) => batchNorm(x, g, b, { eps: 0 }), { x: [4, 1], g: [1], b: [1] });
    const x = [2 ** 20, 2 ** 20 + 2, 2 ** 20, 2 ** 20 + 2];
    expect(evaluate(program, { x, g: [1], b: [0] }, "float32").output).toEqual([-1, 1, -1, 1]);
  });
  test("a constant channel gives beta", () => {
    const program = trace(({ x, g, b }) => batchNorm(x, g, b), { x: [2, 2], g: [2], b: [2] });
    expect(evaluate(program, { x: [3, 1, 3, 2], g: [7, 0], b: [0.5, -1] }, "float32").output).toEqual([
      0.5, -1, 0.5, -1,
    ]);
  });
  test("layer norm does not see other rows, group norm no other group", () => {
    const rows = trace(({ x, g, b }) => layerNorm(x, g, b, { eps: 0 }), { x: [2, 2], g: [2], b: [2] });
    expect(evaluate(rows, { x: [1, 3, 64, 0], g: [1, 2], b: [0, 0] }).output).toEqual([-1, 2, 1, -2]);
    const groups = trace(({ x, g, b }) => groupNorm(x, g, b, { groups: 2, eps: 0 }), { x: [1, 4], g: [4], b: [4] });
    expect(evaluate(groups, { x: [1, 3, 64, 0], g: [1, 2, 1, 2], b: [0, 0, 1, 1] }).output).toEqual([-1, 2, 2, -1]);
  });
});

describe("errors name the op, what was found and what was expected", () => {
  const shapes = { x: [2, 6, 3], c: [6], d: [5] };
  const error =
    (fn: (t: { x: Tensor; c: Tensor; d: Tensor }) => Tensor): (() => Program) =>
    () =>
      trace(fn, shapes);
  test("norms", () => {
    expect(error(({ x, c, d }) => batchNorm(x, d, c))).toThrow(/batchNorm: x \[2, 6, 3\] and gamma \[5\]; expected/);
    expect(error(({ x, c, d }) => batchNorm(x, c, c, { statistics: { mean: c, variance: d } }))).toThrow(
      /variance \[5\]/,
    );
    expect(error(({ c }) => batchNorm(c, c, c))).toThrow(/batchNorm: x \[6\]/);
    expect(error(({ x, d }) => layerNorm(x, d, d))).toThrow(/layerNorm: x \[2, 6, 3\], gamma \[5\]/);
    expect(error(({ x, c }) => groupNorm(x, c, c, { groups: 4 }))).toThrow(/6 channels do not divide into 4 groups/);
    expect(error(({ x, c }) => groupNorm(x, c, c, { groups: 0 }))).toThrow(/into 0 groups/);
    expect(() => trace(({ x, c }) => batchNorm(x, c, c), { x: [1, 6], c: [6] })).toThrow(/1 values per channel/);
    expect(error(({ c }) => runningStatistics({ mean: c, variance: c }, { mean: c, variance: c }, 1).mean)).toThrow(
      /two/,
    );
  });
  test("dropout", () => {
    expect(error(({ x }) => dropout(x, 1))).toThrow(/rate is 1, expected a number from 0, below 1/);
    expect(error(({ x }) => dropout(x, -0.1))).toThrow(/rate is -0.1/);
    expect(error(({ x }) => dropout(x, Number.NaN))).toThrow(/rate/);
  });
});

describe("dropout", () => {
  const size = 6000;
  const program = trace(({ x }) => dropout(x, 0.25), { x: [size] });
  const backward = joinedPullback(program);
  function masks(seed: number, step: number, backend = "wasm", which = backward): number[] {
    const engine = compile(which, { precision: { store: "float32", seed }, backend });
    const given = which === backward ? "d:output" : "x";
    engine.write(given, new Array<number>(size).fill(3));
    engine.setStep(step);
    engine.run("program");
    const found = [...engine.buffer(which === backward ? "d:x" : "output")];
    engine.dispose();
    return found;
  }
  test("drops a share of the elements and scales the others by the rounded 1 / (1 - rate)", () => {
    const found = masks(1, 0);
    expect(new Set(found)).toEqual(new Set([0, Math.fround(3 * Math.fround(1 / 0.75))]));
    const zeros = found.filter((y) => y === 0).length;
    expect(Math.abs(zeros - size / 4)).toBeLessThan(4 * Math.sqrt((size * 3) / 16));
  });
  test("forward and backward draw the same mask, on every backend", () => {
    const found = masks(1, 5);
    expect(masks(1, 5, "wasm", program)).toEqual(found);
    expect(masks(1, 5, "js")).toEqual(found);
  });
  test("the mask depends on seed, step and node", () => {
    const found = masks(1, 0);
    expect(masks(2, 0)).not.toEqual(found);
    expect(masks(1, 1)).not.toEqual(found);
    const twice = trace(({ x }) => ({ a: dropout(x, 0.25), b: dropout(x, 0.25) }), { x: [64] });
    const { a, b } = evaluate(twice, { x: new Array<number>(64).fill(1) });
    expect(a).not.toEqual(b);
  });
  test("an element's draw does not depend on how many there are", () => {
    const longer = trace(({ x }) => dropout(x, 0.25), { x: [2 * size] });
    const x = new Array<number>(2 * size).fill(3);
    const engine = compile(longer, { precision: { store: "float32", seed: 1 } });
    engine.write("x", x);
    engine.run("program");
    expect([...engine.buffer("output")].slice(0, size)).toEqual(masks(1, 0));
    engine.dispose();
  });
  test("a dropped element passes nothing, not even NaN", () => {
    const square = trace(({ x }) => mul(dropout(x, 0.5), 1), { x: [32] });
    const { output } = evaluate(square, { x: new Array<number>(32).fill(Number.NaN) });
    expect(output.filter((y) => y === 0).length).toBeGreaterThan(4);
    expect(output.filter(Number.isNaN).length).toBeGreaterThan(4);
  });
});
