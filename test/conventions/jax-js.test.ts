/** The preset jax-js-0.1.25 against the installed jax-js. */
import { defaultDevice, grad, init, type Array as JaxArray, nn, numpy as np } from "@jax-js/jax";
import { beforeAll, expect, test } from "vitest";
import { presetNamed } from "../../src/conventions/index.ts";

type Fn = (x: JaxArray) => JaxArray;

beforeAll(async () => {
  await init("cpu");
  defaultDevice("cpu");
});

/** The gradient of the sum of fn at x. */
function gradientAt(fn: Fn, x: readonly number[]): number[] {
  return grad((input: JaxArray) => np.sum(fn(input)))(np.array([...x])).js() as number[];
}

const one = (): JaxArray => np.array([1]);
const slope = 0.25;
const seluScale = 1.0507010221481323;

/** Kink, function, point, and the gradient that the preset's choice means. */
const cases: readonly [string, Fn, number[], (choice: unknown) => number[]][] = [
  ["relu.zero", (x) => nn.relu(x), [0], (c) => [c as number]],
  ["leakyRelu.zero", (x) => nn.leakyRelu(x, slope), [0], (c) => [c === "left" ? slope : 1]],
  ["elu.zero", (x) => nn.elu(x, 2), [0], (c) => [c === "left" ? 2 : 1]],
  ["selu.zero", (x) => nn.selu(x), [0], (c) => [c === "right" ? seluScale : 0]],
  ["relu6.zero", (x) => nn.relu6(x), [0], (c) => [c as number]],
  ["relu6.six", (x) => nn.relu6(x), [6], (c) => [c as number]],
  ["clamp.low", (x) => np.clip(x, 0, 6), [0], (c) => [c as number]],
  ["clamp.high", (x) => np.clip(x, 0, 6), [6], (c) => [c as number]],
  ["hardtanh.low", (x) => nn.hardTanh(x), [-1], (c) => [c as number]],
  ["hardtanh.high", (x) => nn.hardTanh(x), [1], (c) => [c as number]],
  ["hardsigmoid.low", (x) => nn.hardSigmoid(x), [-3], (c) => [Math.fround(c as number)]],
  ["hardsigmoid.high", (x) => nn.hardSigmoid(x), [3], (c) => [Math.fround(c as number)]],
  ["hardswish.low", (x) => nn.hardSwish(x), [-3], (c) => [c as number]],
  ["hardswish.high", (x) => nn.hardSwish(x), [3], (c) => [c as number]],
  ["abs.zero", (x) => np.abs(x), [0], (c) => [c as number]],
  ["max.tie", (x) => np.maximum(x, one()), [1], (c) => [c === "first" ? 1 : 0]],
  ["max.tie", (x) => np.maximum(one(), x), [1], (c) => [c === "first" ? 0 : 1]],
  ["min.tie", (x) => np.minimum(x, one()), [1], (c) => [c === "first" ? 1 : 0]],
  ["min.tie", (x) => np.minimum(one(), x), [1], (c) => [c === "first" ? 0 : 1]],
  ["reduceMax.tie", (x) => np.max(x), [1, 2, 2], (c) => [0, c === "even" ? 0.5 : 1, c === "even" ? 0.5 : 0]],
  ["l2norm.zero", (x) => np.linalg.norm(x), [0, 0], (c) => [c as number, c as number]],
  ["sqrt.zero", (x) => np.sqrt(x), [0], (c) => [Number(c)]],
];

test.each(cases)("%s", (kink, fn, x, expected) => {
  expect(gradientAt(fn, x)).toEqual(expected(presetNamed("jax-js-0.1.25").entries[kink].choice));
});
