/** Tests that every op gets for being in the list: derivatives, kinks, and the same bits on every backend. */
import { beforeAll, describe, expect, test } from "vitest";
import { census, checkGradients, isLocal, joinedPullback, pushforward, subgradient } from "../../src/autodiff/index.ts";
import type { Backend, Carrier } from "../../src/backends/backend.ts";
import { js } from "../../src/backends/js/index.ts";
import { prepareNative } from "../../src/backends/native/engine.ts";
import { nativeAt } from "../../src/backends/native/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { UsageError } from "../../src/base/errors.ts";
import { stream } from "../../src/base/random.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { type Choice, convention, type Kink, outsideClarke } from "../../src/conventions/index.ts";
import { formats } from "../../src/formats/index.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import type { Program } from "../../src/ir/program.ts";
import { ops } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import type { Op } from "../../src/ops/op.ts";
import { targetsHere } from "../native/targets.ts";
import { evaluate } from "../run.ts";
import { fill, sampleOf } from "./samples.ts";

const float64 = (program: Program, inputs: Readonly<Record<string, ArrayLike<number>>>): Record<string, number[]> =>
  evaluate(program, inputs, "float64");

function sample(op: Op): Program {
  const program = sampleOf(op);
  if (program === undefined) throw new Error(`${op.name}: no sample; add one to test/ops/samples.ts`);
  return program;
}

const all = [...ops.values()].map((op) => [op.name, op] as const);

/** False for the few ops that say that they end a chain of derivatives. */
function isDifferentiable(op: Op): boolean {
  try {
    joinedPullback(sample(op));
    return true;
  } catch (error) {
    if (error instanceof UsageError && /not differentiated/.test(error.message)) return false;
    throw error;
  }
}

const differentiable = all.filter(([, op]) => isDifferentiable(op));
const numbers = stream(1, "generated tests");
const mixed = (i: number): number => 4 * numbers.uniformAt(i) - 2;
const positive = (i: number): number => 0.2 + 2 * numbers.uniformAt(i);

describe.each(differentiable)("%s", (_name, op) => {
  test("agrees with differences in float64, first and second order", () => {
    const program = sample(op);
    const isDefined = Object.values(float64(program, fill(program, mixed))).every((y) => !y.some(Number.isNaN));
    const point = fill(program, isDefined ? mixed : positive);
    for (const check of checkGradients(program, point, float64)) expect(check.error).toBeLessThan(2e-7);
  });
});

const candidates = [0, 1, -1, 2, 3, -3, 6];

/** An input at which every element is on the kink. */
function onKink(program: Program, kink: Kink): Record<string, number[]> {
  const counted = census(program, { kinks: [kink.name], nan: false });
  const output = counted.outputs.find(({ name }) => name.startsWith("census:"))?.name as string;
  const points = candidates.map((x) => fill(program, () => x));
  const found = points.find((point) => float64(counted, point)[output][0] > 0);
  if (found === undefined) throw new Error(`${kink.name}: no candidate is on the kink; add one to this test`);
  return found;
}

const withKinks = all.flatMap(([, op]) => op.kinks.map((kink) => [kink.name, op, kink] as const));

const sizeAt = (program: Program, value: number): number => sizeOf(program.values[value].shape);

/** Adjoints for every float output. */
function cotangentsOf(program: Program): Record<string, number[]> {
  const backward = joinedPullback(program);
  const seeds = backward.inputs.filter(({ name }) => name.startsWith("d:"));
  return Object.fromEntries(
    seeds.map(({ name, value }) => [name, Array.from({ length: sizeAt(backward, value) }, (_, i) => mixed(i + 50))]),
  );
}

const finite = (slope: string): boolean => Number.isFinite(Number(slope));

describe.each(withKinks)("%s", (name, op, kink) => {
  const program = sample(op);
  const point = onKink(program, kink);
  const isElementwise = sizeAt(program, program.outputs[0].value) === sizeAt(program, program.inputs[0].value);
  const directions = [mixed, (i: number) => -mixed(i), positive].map((draw) => fill(program, draw));
  const choices: readonly Choice[] = [
    kink.default,
    ...kink.rules.map((rule) => rule.replace(":B", ":10")),
    ...(kink.number && isElementwise ? [0, 1, 0.5, -0.5] : []),
  ];
  const claimed = choices.filter((choice) => kink.slopes.every(finite) && !outsideClarke(kink, choice));

  test.each(claimed.map((choice) => [choice]))("choice %s lies between the one-sided slopes", (choice) => {
    for (const direction of directions) {
      const slopes = subgradient(program, point, direction, float64, { convention: convention({ [name]: choice }) });
      for (const { side } of Object.values(slopes).flat()) expect(side).not.toBe("outside");
    }
  });

  test("a number multiplies the gradient at the kink", () => {
    if (!kink.number || !isElementwise || op.operands.length > 1) return;
    const cotangents = cotangentsOf(program);
    for (const choice of [0, 1, 0.5, -0.5, 3]) {
      const backward = joinedPullback(program, convention({ [name]: choice }));
      const adjoint = float64(backward, { ...point, ...cotangents })["d:x0"];
      expect(adjoint).toEqual(Object.values(cotangents)[0].map((g) => (choice === 0 ? 0 : g * choice)));
    }
  });

  test("local choices give the same bits away from the kink", () => {
    const inputs = { ...fill(program, mixed), ...cotangentsOf(program) };
    const local = choices.filter((choice) => isLocal(program, convention({ [name]: choice })));
    const adjoints = local.map((choice) => float64(joinedPullback(program, convention({ [name]: choice })), inputs));
    for (const other of adjoints.slice(1)) expect(other).toEqual(adjoints[0]);
  });
});

describe.each(withKinks.filter(([, , kink]) => kink.overwrite))("%s", (name, op, kink) => {
  test("overwrite writes its number at the kink, and has no pushforward", () => {
    const program = sample(op);
    const chosen = convention({ [name]: { value: 0.25, rule: "overwrite" } });
    const inputs = { ...onKink(program, kink), ...cotangentsOf(program) };
    const adjoint = float64(joinedPullback(program, chosen), inputs)["d:x0"];
    expect(adjoint).toEqual(adjoint.map(() => 0.25));
    expect(() => pushforward(program, chosen)).toThrow(/overwrite/);
  });
});

const canonical = (data: Carrier): string =>
  Array.from(data, (x) => (Object.is(x, -0) ? "-0" : Number.isNaN(x) ? "NaN" : x.toString(36))).join(" ");

const edges = [0, -0, 1, -1, 3, -3, 6, Number.NaN, Infinity, -Infinity, 1e-40, -6e-8, 0.7];
const edgy = (i: number): number => (i % 3 === 0 ? edges[(i / 3) % edges.length] : mixed(i));

function bits(program: Program, spec: PrecisionSpec, backend: Backend): Record<string, string> {
  const engine = backend.compile({ program: lower(program) }, precision(spec));
  for (const [name, data] of Object.entries(fill(program, edgy))) engine.write(name, data);
  engine.run("program");
  const outputs = Object.fromEntries(program.outputs.map(({ name }) => [name, canonical(engine.buffer(name))]));
  engine.dispose();
  return outputs;
}

const precisions: readonly (readonly [string, PrecisionSpec])[] = [
  ...formats.map((format) => [format.name, { store: format }] as const),
  ["custom(3, 4)", { store: "custom(3, 4)" }],
  ["float16 summed in float16, blocks of 2", { store: "float16", accumulate: "float16", block: 2, bias: "rounded" }],
  ["float64 fused", { store: "float64", arithmetic: "fused" }],
  ["float32 fused, one chain", { arithmetic: "fused", block: Infinity }],
  ["float16 with subnormals flushed", { store: "float16", flush: true }],
  ["float32 upwards", { rounding: "up" }],
  ["float64 toward zero", { store: "float64", rounding: "zero" }],
  ["float16 stochastically", { store: "float16", rounding: "stochastic", seed: 3 }],
  ["bfloat16 downwards", { store: "bfloat16", rounding: "down" }],
];

const formsOf = (op: Op): readonly Program[] => {
  const program = sample(op);
  return isDifferentiable(op) ? [program, joinedPullback(program), pushforward(program)] : [program];
};

const targets = targetsHere();

describe.each(precisions)("all backends give the same bits in %s", (_precision, spec) => {
  const others: readonly (readonly [string, Backend])[] = [
    ["wasm", wasm],
    ...targets.map((target) => [`native, ${target.width} bits`, nativeAt(target)] as const),
  ];

  beforeAll(() => {
    const forms = all.flatMap(([, op]) => formsOf(op));
    const requests = forms.map((form) => ({ kernels: { program: lower(form) }, precision: precision(spec) }));
    for (const target of targets) prepareNative(requests, target);
  }, 600_000);

  test.each(all)("%s", (_name, op) => {
    for (const form of formsOf(op)) {
      const expected = bits(form, spec, js);
      for (const [name, backend] of others) expect(bits(form, spec, backend), name).toEqual(expected);
    }
  });
});
