/** Values and gradients of every op against committed PyTorch 1.13 vectors, at random points and on the kinks. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pullback, withResiduals } from "../../src/autodiff/index.ts";
import { compile } from "../../src/compile.ts";
import { convention } from "../../src/conventions/index.ts";
import { ProgramBuilder } from "../../src/ir/builder.ts";
import type { Json, Program } from "../../src/ir/program.ts";
import { ops } from "../../src/ops/index.ts";

type Text = number | "NaN" | "Infinity" | "-Infinity";
interface Result {
  readonly output: readonly Text[];
  readonly gradients?: readonly (readonly Text[])[];
}
interface Case {
  readonly name: string;
  readonly op: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly inputs: readonly { type: string; shape: readonly number[]; values: readonly Text[] }[];
  readonly shape: readonly number[];
  readonly cotangent: readonly number[];
  readonly float64: Result;
  readonly float32: Result;
}

const file = new URL("../vectors/pytorch.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] };
const numbers = (texts: readonly Text[]): number[] => texts.map(Number);

/** Of the larger of 1 and the largest finite magnitude: PyTorch's own results have errors of this size. */
const tolerances = { float64: 1e-13, float32: 2e-6 };
/** PyTorch's float64 gradient multiplies by a float32 1/6. */
const looser: Readonly<Record<string, number>> = { "hardsigmoid at random points": 2 ** -25 };

function programOf(test: Case): Program {
  const builder = new ProgramBuilder(ops);
  const inputs = test.inputs.map(({ type, shape }, i) => builder.input(`x${i}`, { type, shape }));
  builder.output("output", builder.apply(test.op, inputs, test.options)[0]);
  return builder.finish();
}

/** The output, then the gradients of the float inputs. */
function run(test: Case, precision: "float64" | "float32", backend: string): number[][] {
  const program = programOf(test);
  const floats = test.inputs.flatMap(({ type }, i) => (type === "store" ? [`x${i}`] : []));
  const differentiable = test[precision].gradients !== undefined;
  const backward = differentiable ? [pullback(program, convention("pytorch-1.13"), { wrt: floats })] : [];
  const forward = withResiduals(program, ...backward);
  const engine = compile({ forward, ...(differentiable ? { backward: backward[0] } : {}) }, { precision, backend });
  for (const [i, { values }] of test.inputs.entries()) engine.write(`x${i}`, numbers(values));
  if (differentiable) engine.write("d:output", test.cotangent);
  engine.run("forward");
  if (differentiable) engine.run("backward");
  const found = ["output", ...(differentiable ? floats.map((name) => `d:${name}`) : [])];
  const results = found.map((name) => [...engine.buffer(name)]);
  engine.dispose();
  return results;
}

function compare(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const size = expected.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  expected.forEach((value, i) => {
    if (Number.isFinite(value))
      expect(Math.abs(found[i] - value), `${i}: ${found[i]} for ${value}`).toBeLessThanOrEqual(size * tolerance);
    else expect(found[i], `element ${i}`).toBe(value);
  });
}

describe.each(["float64", "float32"] as const)("PyTorch 1.13 in %s", (precision) => {
  it.each(cases.map((test) => [test.name, test] as const))("%s", (_, test) => {
    const { output, gradients = [] } = test[precision];
    const tolerance = Math.max(tolerances[precision], looser[test.name] ?? 0);
    const [value, ...derivatives] = run(test, precision, "js");
    compare(value, numbers(output), tolerance);
    for (const [i, gradient] of gradients.entries()) compare(derivatives[i], numbers(gradient), tolerance);
  });
});

describe("coverage", () => {
  it("every op that users call has a vector", () => {
    const internal = new Set([
      "cast",
      "constant",
      "count",
      "elementwise",
      "hybridMaxPool2d",
      "maxOverTies",
      "maxTies",
      "oneHot",
      "pad",
      "scatterAdd",
      "softmaxCrossEntropyGradient",
      "sumOf",
      "windowReduce",
      "windowSpread",
    ]);
    const tested = new Set(cases.map(({ op }) => op));
    expect([...ops.keys()].filter((op) => !tested.has(op) && !internal.has(op))).toEqual([]);
  });
});
