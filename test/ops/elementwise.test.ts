import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradient, joinedPullback } from "../../src/autodiff/index.ts";
import { broadcastShapes, sizeOf } from "../../src/base/shape.ts";
import { convention } from "../../src/conventions/index.ts";
import type { Specs, Tensor, Tensors } from "../../src/ir/trace.ts";
import { trace } from "../../src/ir/trace.ts";
import * as f from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

function apply(fn: (x: Tensor) => Tensor, x: readonly number[], spec = "float64"): number[] {
  return evaluate(
    trace((t) => fn(t.x), { x: [x.length] }),
    { x },
    spec,
  ).output;
}

function slope(fn: (x: Tensor) => Tensor, x: readonly number[], choices = {}, spec = "float64"): number[] {
  const backward = joinedPullback(
    trace((t) => fn(t.x), { x: [x.length] }),
    convention(choices),
  );
  return evaluate(backward, { x, "d:output": x.map(() => 1) }, spec)["d:x"];
}

describe("values at zeros, infinities and NaN", () => {
  const special = [0, -0, Infinity, -Infinity, Number.NaN];
  test.each([
    ["relu", f.relu, [0, 0, Infinity, 0, Number.NaN]],
    ["abs", f.abs, [0, 0, Infinity, Infinity, Number.NaN]],
    ["neg", f.neg, [-0, 0, -Infinity, Infinity, Number.NaN]],
    ["relu6", f.relu6, [0, 0, 6, 0, Number.NaN]],
    ["hardtanh", f.hardtanh, [0, -0, 1, -1, Number.NaN]],
    ["hardsigmoid", f.hardsigmoid, [0.5, 0.5, 1, 0, Number.NaN]],
    ["hardswish", f.hardswish, [0, -0, Infinity, 0, Number.NaN]],
    ["leakyRelu", (x: Tensor) => f.leakyRelu(x, 0.5), [0, -0, Infinity, -Infinity, Number.NaN]],
    ["elu", (x: Tensor) => f.elu(x, 2), [0, -0, Infinity, -2, Number.NaN]],
    ["softplus", f.softplus, [Math.LN2, Math.LN2, Infinity, 0, Number.NaN]],
    ["sigmoid", f.sigmoid, [0.5, 0.5, 1, 0, Number.NaN]],
    ["silu", f.silu, [0, -0, Infinity, -0, Number.NaN]],
    ["gelu", f.gelu, [0, -0, Infinity, -0, Number.NaN]],
    ["tanh", f.tanh, [0, -0, 1, -1, Number.NaN]],
    ["erf", f.erf, [0, -0, 1, -1, Number.NaN]],
    ["sqrt", f.sqrt, [0, -0, Infinity, Number.NaN, Number.NaN]],
    ["sign", f.sign, [0, -0, 1, -1, Number.NaN]],
    ["square", f.square, [0, 0, Infinity, Infinity, Number.NaN]],
    ["exp", f.exp, [1, 1, Infinity, 0, Number.NaN]],
    ["log", f.log, [-Infinity, -Infinity, Infinity, Number.NaN, Number.NaN]],
  ] as const)("%s", (_name, fn, expected) => {
    expect(apply(fn, special)).toEqual([...expected]);
  });

  test("max and min: NaN stays, -0 is below +0", () => {
    const program = trace(({ a, b }) => ({ max: f.max(a, b), min: f.min(a, b) }), { a: [4], b: [4] });
    const result = evaluate(program, { a: [0, -0, Number.NaN, 1], b: [-0, 0, 1, Number.NaN] });
    expect(result).toEqual({ max: [0, 0, Number.NaN, Number.NaN], min: [-0, -0, Number.NaN, Number.NaN] });
  });
});

describe("slopes", () => {
  test("are finite where the function is flat", () => {
    const far = [-Infinity, -1e4, 1e4, Infinity];
    expect(slope(f.gelu, far)).toEqual([0, 0, 1, 1].map((s) => expect.closeTo(s, 15)));
    expect(slope(f.silu, far)).toEqual([0, 0, 1, 1].map((s) => expect.closeTo(s, 15)));
    expect(slope(f.sigmoid, far)).toEqual([0, 0, 0, 0]);
    expect(slope(f.softplus, far)).toEqual([0, 0, 1, 1]);
    expect(slope(f.tanh, far)).toEqual([0, 0, 0, 0]);
    expect(slope(f.elu, far)).toEqual([0, 0, 1, 1]);
  });

  test("a bound of clamp is rounded to the format: bfloat16(0.7) is on the kink, float32's is inside", () => {
    const clamp = (x: Tensor): Tensor => f.clamp(x, -1, 0.7);
    const at = 0.69921875;
    expect(slope(clamp, [at], { "clamp.high": 0.25 }, "bfloat16")).toEqual([0.25]);
    expect(slope(clamp, [at], { "clamp.high": 0.25 }, "float32")).toEqual([1]);
  });

  test("max at a tie: every rule, and a weight for the first", () => {
    const program = trace(({ a, b }) => f.max(a, b), { a: [2], b: [2] });
    const at = (choice: number | string): number[] => {
      const inputs = { a: [1, Number.NaN], b: [1, 2], "d:output": [8, 8] };
      const result = evaluate(joinedPullback(program, convention({ "max.tie": choice })), inputs);
      return [result["d:a"][0], result["d:b"][0], result["d:a"][1], result["d:b"][1]];
    };
    expect(at("even")).toEqual([4, 4, 8, 0]);
    expect(at("first")).toEqual([8, 0, 8, 0]);
    expect(at("second")).toEqual([0, 8, 8, 0]);
    expect(at("all")).toEqual([8, 8, 8, 0]);
    expect(at("none")).toEqual([0, 0, 8, 0]);
    expect(at(0.25)).toEqual([2, 6, 8, 0]);
  });

  test("left and right at the kink of leakyRelu, elu and selu", () => {
    const leaky = (x: Tensor): Tensor => f.leakyRelu(x, 0.125);
    expect(slope(leaky, [0, -0])).toEqual([0.125, 0.125]);
    expect(slope(leaky, [0], { "leakyRelu.zero": "right" })).toEqual([1]);
    expect(slope((x) => f.elu(x, 2), [0])).toEqual([2]);
    expect(slope((x) => f.elu(x, 2), [0], { "elu.zero": "right" })).toEqual([1]);
    expect(slope((x) => f.elu(x, 1), [0], { "elu.zero": 7 })).toEqual([1]);
    expect(slope(f.selu, [0])).toEqual([1.0507009873554805 * 1.6732632423543772]);
    expect(slope(f.selu, [0], { "selu.zero": "right" })).toEqual([1.0507009873554805]);
  });

  test("sqrt at 0 is infinite by default, and any number by choice", () => {
    expect(slope(f.sqrt, [0, -0])).toEqual([Infinity, Infinity]);
    expect(slope(f.sqrt, [0], { "sqrt.zero": 0 })).toEqual([0]);
  });

  test("a value used several times adds its adjoints in program order", () => {
    const program = trace(({ x }) => f.add(f.add(f.mul(x, 2 ** 24), f.mul(x, 1)), f.mul(x, 1)), { x: [] });
    expect(evaluate(gradient(program), { x: [1] })["d:x"]).toEqual([2 ** 24]);
  });

  test("an input that no output depends on has zeros", () => {
    const program = trace(({ x }) => f.mul(x, x), { x: [], unused: [2] });
    expect(evaluate(gradient(program), { x: [3], unused: [1, 1] })["d:unused"]).toEqual([0, 0]);
  });
});

describe("broadcasting", () => {
  const shapePair = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom("both", "a", "b")), { maxLength: 4 })
    .chain((axes) =>
      fc.tuple(
        fc.constant(axes.map(([extent, who]) => (who === "b" ? 1 : extent))),
        fc.constant(axes.map(([extent, who]) => (who === "a" ? 1 : extent))),
        fc.nat(axes.length),
        fc.boolean(),
      ),
    )
    .map(([a, b, dropped, which]) => (which ? { a: a.slice(dropped), b } : { a, b: b.slice(dropped) }));

  const values = (shape: readonly number[], factor: number): number[] =>
    Array.from({ length: sizeOf(shape) }, (_, i) => factor * (i + 1));

  /** Linear index into `shape` of a linear index of `target`. */
  function sourceOf(shape: readonly number[], target: readonly number[], linear: number): number {
    let [rest, place, stride] = [linear, 0, 1];
    for (let back = 1; back <= target.length; back++) {
      const at = rest % target[target.length - back];
      rest = Math.floor(rest / target[target.length - back]);
      if (back > shape.length) continue;
      if (shape[shape.length - back] !== 1) place += at * stride;
      stride *= shape[shape.length - back];
    }
    return place;
  }

  test("follows NumPy, and adjoints are summed over the repeated axes", () => {
    fc.assert(
      fc.property(shapePair, ({ a, b }) => {
        const specs: Specs = { a, b };
        const program = trace((t: Tensors<Specs>) => f.mul(t.a, t.b), specs);
        const target = broadcastShapes(a, b) as number[];
        expect(program.values[program.outputs[0].value].shape).toEqual(target);
        const [x, y] = [values(a, 1), values(b, 2)];
        const pairs = Array.from({ length: sizeOf(target) }, (_, i) => [
          sourceOf(a, target, i),
          sourceOf(b, target, i),
        ]);
        expect(evaluate(program, { a: x, b: y }, "float64").output).toEqual(pairs.map(([i, j]) => x[i] * y[j]));
        const g = pairs.map((_, i) => i + 1);
        const expected = x.map(() => 0);
        pairs.forEach(([i, j], at) => {
          expected[i] += g[at] * y[j];
        });
        const adjoints = evaluate(joinedPullback(program), { a: x, b: y, "d:output": g }, "float64");
        expect(adjoints["d:a"]).toEqual(expected);
      }),
      { seed: 11, numRuns: 150 },
    );
  });
});
