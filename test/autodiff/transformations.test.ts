import { describe, expect, test } from "vitest";
import {
  census,
  checkGradients,
  gradient,
  joinedPullback,
  kinksOf,
  type Numbers,
  pullback,
  subgradient,
  withResiduals,
} from "../../src/autodiff/index.ts";
import { convention } from "../../src/conventions/index.ts";
import type { Program } from "../../src/ir/program.ts";
import { trace, update } from "../../src/ir/trace.ts";
import { abs, add, eq, linear, max, mul, relu, softmaxCrossEntropy, sqrt, sub, sum } from "../../src/ops/index.ts";
import { compileJs, evaluate } from "../run.ts";

const float64 = (program: Program, inputs: Numbers): Numbers => evaluate(program, inputs, "float64");

describe("conventions", () => {
  const twice = trace(({ x }) => relu(sub(relu(x), 0)), { x: [1] });

  test("an instance goes before its kink, the kink before the default", () => {
    const [inner, outer] = kinksOf(twice);
    const at = (choices: Record<string, number>): number =>
      evaluate(joinedPullback(twice, convention(choices)), { x: [0], "d:output": [1] })["d:x"][0];
    expect([inner, outer]).toEqual(["relu.zero@0", "relu.zero@3"]);
    expect(at({})).toBe(0);
    expect(at({ "relu.zero": 0.5 })).toBe(0.25);
    expect(at({ "relu.zero": 0.5, [outer]: 1 })).toBe(0.5);
    expect(at({ "relu.zero": 0.5, [outer]: 1, [inner]: 4 })).toBe(4);
  });

  test("a choice that the kink does not accept is refused", () => {
    expect(() => pullback(twice, convention({ "relu.zero": "evn" }))).toThrow(/relu\.zero/);
  });

  test("presets differ where frameworks do", () => {
    const program = trace(({ x }) => sum(add(relu(x), abs(x))), { x: [1] });
    const at = (preset: string): number => evaluate(gradient(program, convention(preset)), { x: [0] })["d:x"][0];
    expect(at("pytorch-1.13")).toBe(0);
    expect(at("jax-js")).toBe(2);
    expect(at("tfjs")).toBe(-1);
  });
});

describe("pullback", () => {
  const network = trace(
    ({ x, w, v, labels }) => {
      const hidden = relu(linear(x, w));
      return { loss: softmaxCrossEntropy(linear(hidden, v), labels) };
    },
    { x: [4, 3], w: [5, 3], v: [2, 5], labels: { shape: [4], type: "int32" } },
  );
  const data: Numbers = {
    x: [1, 2, 3, -1, 0, 1, 2, -2, 0.5, 0, 0, 0],
    w: [1, 0, -1, 0.5, 0.25, -0.5, 1, 1, 1, 0, 0, 0, -1, 2, 1],
    v: [1, -1, 0.5, 2, 1, -0.5, 1, 1, 0, -1],
    labels: [0, 1, 1, 0],
  };

  test("apart from its forward it gives the bits of the gradient in one program", () => {
    const backward = pullback(network, undefined, { wrt: ["w", "v"] });
    const engine = compileJs({ forward: withResiduals(network, backward), backward }, "bfloat16");
    for (const [name, values] of Object.entries(data)) engine.write(name, values);
    engine.write("d:loss", [1]);
    engine.run("forward");
    engine.run("backward");
    const whole = evaluate(gradient(network, undefined, { wrt: ["w", "v"] }), data, "bfloat16");
    for (const name of ["loss", "d:w", "d:v"]) expect([...engine.buffer(name)]).toEqual(whole[name]);
    expect(whole["d:w"].some((slope) => slope !== 0)).toBe(true);
  });

  test("reads nothing that the wanted inputs do not need", () => {
    const names = pullback(network, undefined, { wrt: ["v"] }).inputs.map((input) => input.name);
    expect(names).not.toContain("x");
    expect(names).not.toContain("v");
  });

  test("refuses what it cannot do", () => {
    expect(() => pullback(network, undefined, { wrt: ["u"] })).toThrow(/unknown input 'u'/);
    expect(() => pullback(network, undefined, { wrt: ["labels"] })).toThrow(/'labels' is not a float/);
    expect(() => gradient(trace(({ x }) => x, { x: [2] }))).toThrow(/0 of the outputs output are scalars/);
    const step = trace(({ w }) => ({ loss: sum(mul(w, w)), next: update("w", mul(w, 0.5)) }), { w: [2] });
    expect(() => pullback(step)).toThrow(/input 'w' is needed but output 'next' overwrites it/);
  });

  test("a comparison passes no gradient", () => {
    const program = trace(({ x, y }) => mul(eq(x, y), x), { x: [2], y: [2] });
    const adjoints = evaluate(joinedPullback(program), { x: [1, 2], y: [1, 3], "d:output": [5, 7] });
    expect(adjoints).toEqual({ "d:x": [5, 0], "d:y": [0, 0] });
  });
});

test("census can be limited to some kinks, and counts ties of broadcast operands", () => {
  const program = trace(({ x }) => max(relu(x), 1), { x: [2, 3] });
  const counted = census(program, { kinks: ["max.tie"] });
  const result = evaluate(counted, { x: [1, 1, 0, 2, -1, 1] });
  expect(Object.entries(result).filter(([name]) => name.startsWith("census:"))).toEqual([["census:max.tie@2", [3]]]);
});

describe("one-sided slopes", () => {
  const at = (choice: number, x: number, t: number): unknown => {
    const program = trace(({ x: input }) => relu(input), { x: [1] });
    return subgradient(program, { x: [x] }, { x: [t] }, float64, { convention: convention({ "relu.zero": choice }) })
      .output[0];
  };

  test("say on which side the chosen slope lies", () => {
    expect(at(0, 0, 2)).toEqual({ left: 0, right: 2, chosen: 0, side: "left" });
    expect(at(1, 0, 2)).toEqual({ left: 0, right: 2, chosen: 2, side: "right" });
    expect(at(0.5, 0, 2)).toEqual({ left: 0, right: 2, chosen: 1, side: "between" });
    expect(at(2, 0, 2)).toEqual({ left: 0, right: 2, chosen: 4, side: "outside" });
    expect(at(2, 3, 2)).toEqual({ left: 2, right: 2, chosen: 2, side: "both" });
    expect(at(0, 0, -2)).toEqual({ left: -2, right: 0, chosen: 0, side: "right" });
  });

  test("follow the chain rule through kinks: |relu(x) - relu(-x)| = |x|", () => {
    const program = trace(({ x }) => abs(sub(relu(x), relu(sub(0, x)))), { x: [1] });
    const slopes = subgradient(program, { x: [0] }, { x: [3] }, float64).output[0];
    expect(slopes).toEqual({ left: -3, right: 3, chosen: 0, side: "between" });
  });

  test("are infinite to the right of sqrt(0)", () => {
    const program = trace(({ x }) => sqrt(x), { x: [1] });
    const slopes = subgradient(program, { x: [0] }, { x: [1] }, float64).output[0];
    expect(slopes).toMatchObject({ left: Number.NaN, right: Infinity, chosen: Infinity, side: "right" });
  });
});

test("checkGradients sees a derivative that is wrong", () => {
  const program = trace(({ x }) => sum(relu(x)), { x: [2] });
  const wrong = (each: Program, inputs: Numbers): Numbers => {
    const result = float64(each, inputs);
    return each.outputs.some(({ name }) => name === "d:x") ? { ...result, "d:x": [1, 1] } : result;
  };
  expect(checkGradients(program, { x: [1, -1] }, float64, { order: 1 })[0].error).toBeLessThan(1e-9);
  expect(checkGradients(program, { x: [1, -1] }, wrong, { order: 1 })[0].error).toBeGreaterThan(0.01);
});
