import { expect, test } from "vitest";
import { census, gradient, joinedPullback, pullback, pushforward, withResiduals } from "../../src/autodiff/index.ts";
import { type Choice, convention } from "../../src/conventions/index.ts";
import { trace } from "../../src/ir/trace.ts";
import { mul, relu } from "../../src/ops/index.ts";
import { compileJs, evaluate } from "../run.ts";

const x = [-2, -0, 0, 3, Number.NaN];
const g = [2, 3, 5, 7, 11];

function reluPullback(choice: Parameters<typeof convention>[0]): number[] {
  const program = trace((t) => relu(t.x), { x: [5] });
  const engine = compileJs({ back: pullback(program, convention(choice)) });
  engine.write("x", x);
  engine.write("d:output", g);
  engine.run("back");
  return [...engine.buffer("d:x")];
}

test("relu: product multiplies the gradient on the kink, overwrite replaces it, NaN passes it", () => {
  expect(reluPullback({})).toEqual([0, 0, 0, 7, 11]);
  expect(reluPullback({ "relu.zero": 1 })).toEqual([0, 3, 5, 7, 11]);
  expect(reluPullback({ "relu.zero": -0.5 })).toEqual([0, -1.5, -2.5, 7, 11]);
  expect(reluPullback({ "relu.zero": { value: 1, rule: "overwrite" } })).toEqual([0, 1, 1, 7, 11]);
});

test("a derivative of 0 selects: an infinite gradient does not become NaN", () => {
  const program = trace((t) => relu(t.x), { x: [2] });
  const engine = compileJs({ back: pullback(program) });
  engine.write("x", [-1, 0]);
  engine.write("d:output", [Infinity, Infinity]);
  engine.run("back");
  expect([...engine.buffer("d:x")]).toEqual([0, 0]);
});

test("a numeric choice is a run-time scalar named by kink and node", () => {
  const program = trace((t) => relu(t.x), { x: [5] });
  const engine = compileJs({ back: pullback(program) });
  engine.write("x", x);
  engine.write("d:output", g);
  engine.setChoice("relu.zero@0", 2);
  engine.run("back");
  expect([...engine.buffer("d:x")]).toEqual([0, 6, 10, 7, 11]);
});

test("census counts zeros of either sign, and NaN apart", () => {
  const engine = compileJs({ f: census(trace((t) => relu(t.x), { x: [5] })) });
  engine.write("x", x);
  engine.run("f");
  expect([...engine.buffer("census:relu.zero@0")]).toEqual([2]);
  expect([...engine.buffer("census:nan:relu.zero@0")]).toEqual([1]);
  expect([...engine.buffer("output")]).toEqual([0, 0, 0, 3, Number.NaN]);
});

test("one forward serves two pullbacks through residuals", () => {
  const program = trace((t) => mul(relu(mul(t.x, t.w)), t.w), { x: [5], w: [5] });
  const zero = pullback(program, convention({ "relu.zero": 0 }), { wrt: ["w"] });
  const one = pullback(program, convention({ "relu.zero": 1 }), { wrt: ["w"] });
  const engine = compileJs({ forward: withResiduals(program, zero, one), zero, one });
  engine.write("x", [1, 0, 2, -1, 3]);
  engine.write("w", [1, 1, 1, 1, 1]);
  engine.write("d:output", [1, 1, 1, 1, 1]);
  engine.run("forward");
  engine.run("zero");
  expect([...engine.buffer("d:w")]).toEqual([2, 0, 4, 0, 6]);
  engine.run("one");
  expect([...engine.buffer("d:w")]).toEqual([2, 0, 4, 0, 6]);
});

test("pushforward: by the choice, and one-sided by the sign of the tangent", () => {
  const program = trace((t) => relu(t.x), { x: [4] });
  const run = (oneSided: boolean): number[] => {
    const engine = compileJs({ f: pushforward(program, convention({ "relu.zero": 0.5 }), { oneSided }) });
    engine.write("x", [0, 0, -1, 1]);
    engine.write("t:x", [2, -2, 5, 5]);
    engine.run("f");
    return [...engine.buffer("t:output")];
  };
  expect(run(false)).toEqual([1, -1, 0, 5]);
  expect(run(true)).toEqual([2, 0, 0, 5]);
});

test("overwrite has no pushforward", () => {
  const program = trace((t) => relu(t.x), { x: [1] });
  const overwrite = convention({ "relu.zero": { value: 1, rule: "overwrite" } });
  expect(() => pushforward(program, overwrite)).toThrow(/overwrite exists backward only/);
});

test("gradients of gradients: relu(x)^2 x has the derivatives 3 x^2, 6 x and 6 for x > 0", () => {
  const cube = trace(({ x }) => ({ y: mul(mul(relu(x), relu(x)), x) }), { x: [] });
  const first = gradient(cube, undefined, { of: "y" });
  const second = gradient(first, undefined, { of: "d:x", prefix: "dd:" });
  const third = gradient(second, undefined, { of: "dd:x", prefix: "ddd:" });
  const engine = compileJs({ f: third });
  engine.write("x", [2]);
  engine.run("f");
  expect(["y", "d:x", "dd:x", "ddd:x"].map((name) => engine.buffer(name)[0])).toEqual([8, 12, 12, 6]);
});

const alphas = [0, 0.5, 1, -1, 10];
const overwrite = (value: number): Choice => ({ value, rule: "overwrite" });

/** papers/relu0, 6.1. */
test.each(alphas.map((alpha) => [alpha]))("the paper's backward pass for alpha = %s, both variants", (alpha) => {
  const program = trace((t) => relu(t.x), { x: [4] });
  const inputs = { x: [-1, -0, 0, 2], "d:output": [0.5, 0.5, -3, 7] };
  const adjoint = (choice: Choice): number[] =>
    evaluate(joinedPullback(program, convention({ "relu.zero": choice })), inputs)["d:x"];
  const product = alpha === 0 ? [0, 0] : [0.5 * alpha, -3 * alpha];
  expect(adjoint(alpha)).toEqual([0, ...product, 7]);
  expect(adjoint(overwrite(alpha))).toEqual([0, alpha, alpha, 7]);
});

/** papers/relu0, 6.2: output a relu(w x) at x = 2, w = 0, a = 0.25. */
test.each([0, 1, -0.5].map((alpha) => [alpha]))("the paper's one-unit network for alpha = %s", (alpha) => {
  const program = trace(({ x, w, a }) => mul(a, relu(mul(w, x))), { x: [], w: [], a: [] });
  const slope = (choice: Choice): number =>
    evaluate(gradient(program, convention({ "relu.zero": choice }), { wrt: ["w"] }), { x: [2], w: [0], a: [0.25] })[
      "d:w"
    ][0];
  expect(slope(alpha)).toBe(alpha * 0.25 * 2);
  expect(slope(overwrite(alpha))).toBe(alpha * 2);
});
