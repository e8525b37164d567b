/** The exact judge against exact float64 arithmetic on small integers, and on gradients made to compensate or not. */
import { describe, expect, it } from "vitest";
import { ExactJudge } from "../../src/analysis/exact/judge.ts";
import { residueKernels } from "../../src/analysis/exact/residue-kernel.ts";
import { fieldOf, primesFor, reduced } from "../../src/analysis/exact/residues.ts";
import { pullback } from "../../src/autodiff/pullback.ts";
import { withResiduals } from "../../src/autodiff/residuals.ts";
import type { Engine } from "../../src/backends/backend.ts";
import { stream } from "../../src/base/random.ts";
import { compile, compileKernels } from "../../src/compile.ts";
import { type Choices, convention } from "../../src/conventions/convention.ts";
import { precision } from "../../src/formats/precision.ts";
import type { Program } from "../../src/ir/program.ts";
import { type Specs, type Tensor, trace } from "../../src/ir/trace.ts";
import * as nonsmooth from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";

const {
  abs,
  add,
  conv2d,
  div,
  gelu,
  relu6,
  linear,
  matmul,
  max,
  mean,
  mul,
  reduceMax,
  relu,
  reshape,
  softmaxCrossEntropy,
  square,
  sum,
  transpose,
} = nonsmooth;

type Inputs = Readonly<Record<string, ArrayLike<number>>>;

/** The pullbacks of a program under some choices, with the stored values of one forward run. */
function run(
  program: Program,
  wrt: readonly string[],
  choices: Readonly<Record<string, Choices>>,
  inputs: Inputs,
  format: string,
) {
  const pullbacks = Object.fromEntries(
    Object.entries(choices).map(([name, chosen]) => [
      name,
      pullback(program, convention("pytorch-1.13", chosen), { wrt }),
    ]),
  );
  const prefixed = Object.entries(pullbacks).map(([name, p]) => {
    const outputs = p.outputs.map((output) => ({ ...output, name: `${name}/${output.name}` }));
    return [name, { ...p, outputs }] as const;
  });
  const forward = withResiduals(program, ...Object.values(pullbacks));
  const engine = compile({ forward, ...Object.fromEntries(prefixed) }, { precision: format, backend: "js" });
  for (const [name, values] of Object.entries(inputs)) engine.write(name, values);
  for (const { name } of program.outputs) if (!name.startsWith("%")) engine.write(`d:${name}`, [1]);
  engine.run("forward");
  for (const [name] of prefixed) engine.run(name);
  return { pullbacks, engine };
}

const judge = (
  program: Program,
  wrt: readonly string[],
  choices: Record<string, Choices>,
  inputs: Inputs,
  format: string,
) => {
  const { pullbacks, engine } = run(program, wrt, choices, inputs, format);
  const [a, b] = Object.keys(choices);
  const exact = ["js", "wasm"].map((backend) =>
    new ExactJudge(pullbacks, precision(format), backend).differ((name) => engine.buffer(name), a, b),
  );
  expect(exact[1]).toBe(exact[0]);
  const gradient = (name: string): number[] => wrt.flatMap((parameter) => [...engine.buffer(`${name}/d:${parameter}`)]);
  return { exact: exact[0], a: gradient(a), b: gradient(b) };
};

/** Whole numbers from -size to size. */
const whole = (name: string, count: number, size: number): number[] => {
  const draws = stream(3, name);
  return Array.from({ length: count }, () => draws.integer(2 * size + 1) - size);
};

describe("residues", () => {
  it("are those of the exact number m 2^e", () => {
    const [prime] = primesFor(1000, 1);
    const field = fieldOf(prime);
    const exact = (x: number): number => {
      let [numerator, exponent] = [x, 0];
      while (numerator !== Math.trunc(numerator)) [numerator, exponent] = [numerator * 2, exponent + 1];
      const modulus = BigInt(prime);
      const mod = (n: bigint): bigint => ((n % modulus) + modulus) % modulus;
      let value = mod(BigInt(numerator));
      const half = (modulus + 1n) / 2n;
      for (let i = 0; i < exponent; i++) value = mod(value * half);
      return reduced(Number(value), prime);
    };
    for (const x of [
      0,
      -0,
      1,
      -1,
      0.5,
      -0.75,
      0.1,
      Math.PI,
      2 ** 40 + 1,
      2 ** 52 + 1,
      -(2 ** 53) + 1,
      1e-30,
      5e-324,
      2 ** -1022,
      1e300,
    ]) {
      expect(field.of(x) + 0).toBe(exact(x) + 0);
    }
    expect(field.of(Number.NaN)).toBeNaN();
    expect(field.of(-Infinity)).toBeNaN();
    expect(field.multiply(field.of(3), field.inverse(field.of(3)))).toBe(1);
  });

  it("come from primes that keep sums exact and powers of two apart", () => {
    for (const terms of [1, 257, 2 ** 17, 2 ** 20]) {
      const primes = primesFor(terms, 2);
      expect(new Set(primes).size).toBe(2);
      for (const prime of primes) {
        expect(terms * ((prime - 1) / 2) ** 2 + prime / 2).toBeLessThan(2 ** 52);
        let [order, value] = [1, 2];
        while (value !== 1) [order, value] = [order + 1, (2 * value) % prime];
        expect(order).toBe(prime - 1);
      }
    }
  });
});

/** Every residue of a gradient is that of the gradient, where float64 is exact. */
function residuesOfGradient(program: Program, wrt: readonly string[], choices: Choices, inputs: Inputs): void {
  const { pullbacks, engine } = run(program, wrt, { only: choices }, inputs, "float64");
  const kernel = lower(pullbacks.only);
  const [prime] = primesFor(4096, 1);
  const field = fieldOf(prime);
  const { data, residues, twins, asStored } = residueKernels(kernel, field, precision("float64"), "only");
  const kernels = { residues, ...(data === undefined ? {} : { data }) };
  const exact: Engine = compileKernels(kernels, { precision: "float64", backend: "js" });
  for (const name of asStored) exact.write(name, engine.buffer(name));
  if (data !== undefined) exact.run("data");
  for (const { twin, source } of twins) {
    field.fill(exact.buffer(twin) as Float64Array, (source.startsWith("data:") ? exact : engine).buffer(source));
  }
  exact.run("residues");
  for (const name of wrt) {
    const expected = [...engine.buffer(`only/d:${name}`)].map(field.of);
    expect([...exact.buffer(`only/d:${name}`)].map((x) => x + 0)).toEqual(expected.map((x) => x + 0));
    expect(expected.some((x) => x !== 0)).toBe(true);
  }
}

describe("kernels modulo a prime", () => {
  const programs: Record<string, [(t: Record<string, Tensor>) => Tensor, Specs]> = {
    "matmul, relu, abs, sums": [({ x, w }) => sum(mul(abs(matmul(x, w)), relu(x))), { x: [4, 4], w: [4, 4] }],
    "linear with bias, reduceMax": [
      ({ x, w, b }) => sum(reduceMax(linear(x, w, b), [1])),
      { x: [4, 3], w: [8, 3], b: [8] },
    ],
    "moves and broadcasts": [
      ({ x, w }) => mean(square(add(transpose(reshape(x, [2, 8])), w))),
      { x: [4, 4], w: [1, 2] },
    ],
    "quotients by stored numbers": [({ x, w }) => sum(div(square(x), w)), { x: [4], w: [4] }],
    "a formula with a kink": [({ x }) => sum(mul(relu6(x), x)), { x: [8] }],
    "a convolution with stride and padding, and one with groups and dilation": [
      ({ x, w, v, b }) =>
        sum(square(conv2d(relu(conv2d(x, w, b, { stride: 2, padding: 1 })), v, null, { groups: 2, dilation: 2 }))),
      { x: [2, 3, 9, 8], w: [4, 3, 3, 3], v: [4, 2, 2, 1], b: [4] },
    ],
    "max of two": [({ x, w }) => sum(mul(max(x, w), x)), { x: [8], w: [8] }],
  };

  it.each(Object.entries(programs))("%s", (_, [fn, specs]) => {
    const program = trace((t) => ({ y: fn(t) }), specs);
    const names = program.inputs.map((input) => input.name);
    const inputs = Object.fromEntries(
      program.inputs.map(({ name, value }) => {
        const size = program.values[value].shape.reduce((a, b) => a * b, 1);
        // Divisors are powers of two: the quotient is exact in float64.
        return [
          name,
          name === "w" && fn.toString().includes("div")
            ? Array.from({ length: size }, (_, i) => 2 ** i)
            : whole(name, size, 6),
        ];
      }),
    );
    residuesOfGradient(program, names, { "relu.zero": 1, "reduceMax.tie": "last", "relu6.six": 1 }, inputs);
  });
});

describe("exact judge", () => {
  it("calls moving a gradient between equal rows of input a compensation, though its bits differ", () => {
    // y = max over 7 positions of relu(w x_i + b): positions with the same x tie. Evenly shared, dw = 7 (g/7) x, and g/7 is rounded.
    const program = trace(({ x, w, b }) => ({ y: sum(mul(reduceMax(relu(linear(x, w, b)), [0]), 0.7)) }), {
      x: [7, 5],
      w: [4, 5],
      b: [4],
    });
    const row = [0.3, 1.1, 0.7, 0.9, 0.2];
    const inputs = {
      x: new Array(7).fill(row).flat(),
      w: whole("w", 20, 4).map((x) => Math.abs(x) / 7),
      b: [1, 1, 1, 1],
    };
    const choices = { first: { "reduceMax.tie": "first" }, even: { "reduceMax.tie": "even" } };
    const { exact, a, b } = judge(program, ["w", "b"], choices, inputs, "float32");
    expect(a).not.toEqual(b);
    expect(exact).toBe(false);
  });

  it("calls a tie of different rows a bifurcation, however small", () => {
    const program = trace(({ x, w }) => ({ y: mul(reduceMax(matmul(x, w), [0, 1]), 2 ** -20) }), {
      x: [2, 2],
      w: [2, 1],
    });
    const inputs = { x: [1, 0, 0, 1], w: [0.5, 0.5] };
    const choices = { first: { "reduceMax.tie": "first" }, even: { "reduceMax.tie": "even" } };
    expect(judge(program, ["w"], choices, inputs, "float16").exact).toBe(true);
    // Only the stored values count: in float64 these are no ties, in float8 they are.
    const plain = trace(({ x, w }) => ({ y: reduceMax(matmul(x, w), [0, 1]) }), { x: [2, 2], w: [2, 1] });
    const near = { x: [1, 0, 0, 1], w: [1, 1.01] };
    expect(judge(plain, ["w"], choices, near, "float8_e4m3").exact).toBe(true);
    expect(judge(plain, ["w"], choices, near, "float64").exact).toBe(false);
  });

  it("sees a zero that float64 cannot tell from rounding, and functions that are not rational", () => {
    const net = trace(
      ({ x, w, v, labels }) => ({ loss: softmaxCrossEntropy(matmul(gelu(relu(matmul(x, w))), v), labels) }),
      { x: [2, 3], w: [3, 2], v: [2, 3], labels: { shape: [2], type: "int32" } },
    );
    const inputs = {
      x: [1, 2, -1, 1, -1, 2],
      w: [1, 3, 1, -1, 3, 1],
      v: whole("v", 6, 3).map((x) => x * 2 ** -8),
      labels: [0, 2],
    };
    const zero = { zero: { "relu.zero": 0 }, one: { "relu.zero": 1 } };
    expect(judge(net, ["w", "v"], zero, inputs, "float16").exact).toBe(true);
    const same = { zero: { "relu.zero": 0 }, same: { "relu.zero": 0 } };
    expect(judge(net, ["w", "v"], same, inputs, "float16").exact).toBe(false);
  });

  it("does not decide where a stored value is infinite, unless another entry differs", () => {
    const program = trace(({ x, w }) => ({ y: sum(relu(mul(x, w))) }), { x: [2], w: [2] });
    const choices = { zero: { "relu.zero": 0 }, one: { "relu.zero": 1 } };
    expect(judge(program, ["x"], choices, { x: [1, 0], w: [Infinity, 0] }, "float16").exact).toBeNull();
    expect(judge(program, ["x"], choices, { x: [1, 0], w: [Infinity, 2] }, "float16").exact).toBe(true);
  });

  it("refuses pullbacks that put a gradient through a test or a root", () => {
    const program = trace(({ x }) => ({ y: sum(relu(x)) }), { x: [2] });
    const strange = trace(({ g }) => ({ "d:x": relu(g) }), { g: [2] });
    const renamed = { ...strange, inputs: strange.inputs.map((input) => ({ ...input, name: "d:y" })) };
    expect(program.outputs).toHaveLength(1);
    expect(() => new ExactJudge({ a: renamed }, precision("float32"))).toThrow(/exact judge: the gradient enters/);
  });
});
