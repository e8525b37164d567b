/** The native engine: threads, fused arithmetic's hard cases, errors, memory, and that nothing of a user's reaches C. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { js } from "../../src/backends/js/index.ts";
import { printedText } from "../../src/backends/native/engine.ts";
import { nativeAt } from "../../src/backends/native/index.ts";
import { UsageError } from "../../src/base/errors.ts";
import { stream } from "../../src/base/random.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { fmaFloat32, fmaFloat64 } from "../../src/formats/exact.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import * as e from "../../src/ir/expression.ts";
import type { ContractLoop, Kernel } from "../../src/ir/loops.ts";
import { trace } from "../../src/ir/trace.ts";
import { call } from "../../src/ops/call.ts";
import { conv2dInputOp } from "../../src/ops/conv2d-input.ts";
import { conv2dWeightOp } from "../../src/ops/conv2d-weight.ts";
import { conv2d, exp, mul, reduceMax, relu, softmax, sum } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import { awkward, contraction } from "../wasm/contraction.ts";
import { mapOf } from "../wasm/kernels.ts";
import { targetsHere } from "./targets.ts";

const limit = 600_000;

function outputs(backend: Backend, kernel: Kernel, spec: PrecisionSpec | string, threads: number): number[][] {
  const engine = backend.compile({ kernel }, precision(spec), threads);
  kernel.inputs.forEach(({ name, value }, i) => {
    engine.write(name, awkward(sizeOf(kernel.values[value].shape), 29 * i + 7, 0.01));
  });
  for (let run = 0; run < 3; run++) engine.run("kernel");
  const read = kernel.outputs.map(({ name }) => [...engine.buffer(name)]);
  engine.dispose();
  return read;
}

const elementwise = lower(
  trace(({ x, y }) => ({ a: relu(mul(x, y)), b: softmax(x), c: sum(x, [0]), d: exp(sum(y)) }), {
    x: [130, 521],
    y: [130, 521],
  }),
);

/** Statistics of channels: several whole blocks of each image, of more channels than there are lanes. */
const channels = lower(
  trace(({ x, y }) => ({ a: sum(x, [0, 2]), b: sum(mul(x, y), [0, 2]), c: reduceMax(x, [0, 2]) }), {
    x: [5, 37, 96],
    y: [5, 37, 96],
  }),
);

/** Images whose rows are whole vectors: columns that are read in place. 34 channels are more than a chunk of terms. */
const images = lower(
  trace(({ x, w, b }) => ({ y: conv2d(x, w, b, { padding: 1 }) }), { x: [3, 34, 16, 16], w: [16, 34, 3, 3], b: [16] }),
);

/** Gradients of few filters and channels: rows that are read in place with a rest, columns in place for a tile of few rows. */
const steps = { stride: 1, padding: 1, dilation: 1, groups: 1 };
const gradients = lower(
  trace(
    ({ g, x, w }) => ({
      dw: call(conv2dWeightOp, [g, x], { ...steps, kernel: 3 }),
      dx: call(conv2dInputOp, [g, w], { ...steps, input: 16 }),
    }),
    { g: [3, 5, 16, 16], x: [3, 6, 16, 16], w: [5, 6, 3, 3] },
  ),
);

const threaded: readonly (readonly [Kernel, PrecisionSpec])[] = [
  [contraction({ m: 131, n: 257, k: 60 }, "nt", true), { block: 16 }],
  [contraction({ m: 9, n: 2000, k: 40 }, "tn", true), { store: "float16" }],
  [contraction({ batch: [3], m: 70, n: 65, k: 64 }, "nn", false), { store: "float64", arithmetic: "fused" }],
  [contraction({ m: 131, n: 90, k: 300 }, "nn", true), {}],
  [contraction({ m: 61, n: 33, k: 70 }, "nt", true), { store: "float64", block: 40 }],
  [gradients, {}],
  [gradients, { block: 7, arithmetic: "fused" }],
  [gradients, { block: Number.POSITIVE_INFINITY }],
  [gradients, { store: "float64", arithmetic: "fused", block: 300 }],
  [gradients, { store: "float16" }],
  [elementwise, {}],
  [elementwise, { store: "bfloat16", block: 32 }],
  [images, {}],
  [images, { block: 7, arithmetic: "fused" }],
  [images, { block: Number.POSITIVE_INFINITY }],
  [images, { store: "float64", arithmetic: "fused", block: 300 }],
  [channels, { block: 16 }],
  [channels, { block: 96 }],
  [channels, { store: "float64", block: 32 }],
  [channels, { store: "float16", accumulate: "float16", block: 48 }],
];
const references: number[][][] = [];

describe.each(targetsHere())("native, $width bits", (target) => {
  const native = nativeAt(target);

  test("any number of threads gives the bits of the reference", { timeout: limit }, () => {
    for (const [i, [kernel, spec]] of threaded.entries()) {
      references[i] ??= outputs(js, kernel, spec, 1);
      const expected = references[i];
      for (const threads of [1, 2, 3, 7])
        expect(outputs(native, kernel, spec, threads), `${threads}`).toEqual(expected);
    }
  });

  test.each([
    ["float32", 23, -149, fmaFloat32],
    ["float64", 52, -1074, fmaFloat64],
  ] as const)("%s multiply-add rounds once: halfway, subnormal and cancelling cases", (store, bits, least, fma) => {
    const u = 2 ** -bits;
    const tiny = 2 ** least;
    const top = store === "float32" ? 2 ** 127 : 2 ** 1023;
    const cases: [number, number, number][] = [
      [1 + u, 1 + u, -(1 + 2 * u)],
      [1 + u, 1 - u, -1],
      [1 + u, 1 + u / 2, 2 ** 30],
      // A product just above and below the middle of two sums: rounding twice would go the other way.
      [1 + u, 1 + u, 2 ** (bits + 1)],
      [1 - u / 2, 1 + u, 2 ** (bits + 1)],
      [3 * tiny, 0.5, tiny],
      [3 * tiny, 0.5, -tiny],
      [tiny, 0.5, tiny],
      [1.5, tiny, 2 ** (least + bits)],
      [2 ** (least / 2), 2 ** (least / 2 - 1), tiny],
      [2 ** -100, 2 ** -100, -(2 ** -200)],
      [top, 2, -top],
      [top, -2, top],
      [top, 2, -Infinity],
      [0, -1, -0],
      [-0, 1, 0],
      [Number.NaN, 0, 1],
      [Infinity, 0, 1],
    ];
    const numbers = stream(5, `fma ${store}`);
    const round = store === "float32" ? Math.fround : (x: number) => x;
    const random = (i: number): number =>
      round((2 * numbers.uniformAt(2 * i) - 1) * 2 ** Math.round(60 * numbers.uniformAt(2 * i + 1) - 30));
    for (let i = 0; i < 3000; i++) {
      const [a, b, c] = [random(3 * i), random(3 * i + 1), random(3 * i + 2)];
      cases.push([a, b, i % 3 === 0 ? c : round(-a * b * (1 + (i % 5) * u))]);
    }
    // c * 1 + a * b from a sum of two terms, one matrix for each case.
    const kernel = contraction({ batch: [cases.length], m: 1, n: 1, k: 2 }, "nn", false);
    const loops = kernel.loops.map((loop) => (loop.loop === "contract" ? perBatch(loop) : loop));
    const own: Kernel = {
      ...kernel,
      loops,
      values: kernel.values.with(1, { shape: [cases.length, 2, 1], type: "store" }),
    };
    const engine = native.compile({ own }, precision({ store, arithmetic: "fused" }));
    engine.write(
      "a",
      cases.flatMap(([a, , c]) => [c, a]),
    );
    engine.write(
      "b",
      cases.flatMap(([, b]) => [1, b]),
    );
    engine.run("own");
    const found = [...engine.buffer("out")];
    engine.dispose();
    // The sum starts from +0, which turns a first term -0 into +0.
    expect(found).toEqual(cases.map(([a, b, c]) => fma(a, b, fma(c, 1, 0))));
  });

  test("an index outside the table, impossible threads, a disposed engine, a huge arena", () => {
    const kernel = mapOf(e.neg(e.input(0)), 1, 5);
    const engine = native.compile({ kernel }, precision("float32"));
    engine.dispose();
    expect(() => engine.run("kernel")).toThrow(UsageError);
    expect(() => native.compile({ kernel }, precision("float32"), 0)).toThrow(/threads is 0/);
    expect(() => native.compile({ kernel: mapOf(e.neg(e.input(0)), 1, 2 ** 45) }, precision("float32"))).toThrow(
      /MiB of memory are not available/,
    );
  });

  test("10,000 runs and 300 engines leave no memory behind", { timeout: limit }, () => {
    const kernel = contraction({ m: 20, n: 30, k: 40 }, "nn", true);
    const engine = native.compile({ kernel }, precision("float32"), 2);
    const repeat = (runs: number, engines: number): number => {
      for (let i = 0; i < runs; i++) engine.run("kernel");
      for (let i = 0; i < engines; i++) {
        const other = native.compile({ kernel }, precision("float32"), 2);
        other.run("kernel");
        other.dispose();
      }
      return process.memoryUsage.rss();
    };
    const before = repeat(1000, 100);
    const after = repeat(10_000, 300);
    engine.dispose();
    expect((after - before) / 2 ** 20).toBeLessThan(48);
  });
});

/** The contraction with a matrix b of its own for each of the batch. */
function perBatch(loop: ContractLoop): ContractLoop {
  return { ...loop, b: { ...loop.b, strides: [2, ...loop.b.strides.slice(1)] } };
}

test("names, constants and shapes of a user never reach the printed C", () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      '"; system("x"); //',
      "*/ int main() {",
      "\n#include </etc/passwd>",
      "%s%n",
      "@",
      "p0",
      "\\",
      "??/",
    ),
  );
  const kernelOf = (input: string, choice: string, c: number, o: number, size: number): Kernel => {
    const expr = e.add(e.mul(e.input(0), e.choice(choice)), e.max(e.constant(c), e.option(o)));
    return { ...mapOf(expr, 1, size), inputs: [{ name: input, value: 0 }], choices: [{ name: choice, value: 0.3 }] };
  };
  const number = fc.oneof(fc.double(), fc.constantFrom(-0, 5e-324, Number.NaN, -Infinity, Number.MAX_VALUE));
  fc.assert(
    fc.property(name, name, name, number, number, fc.integer({ min: 1, max: 70 }), (k, input, choice, c, o, size) => {
      const target = { width: 256, registers: 16 };
      const text = printedText({ [k]: kernelOf(input, choice, c, o, size) }, precision("float32"), target);
      // Types, operators, exact constants and names made here: nothing quoted but the empty text of NaN, no directive.
      expect(text.replaceAll('__builtin_nan("")', "")).toMatch(/^[\w\s()[\]{}<>=+\-*/&|~^!.,;:?]+$/);
      expect(text).toBe(printedText({ k: kernelOf("x", "alpha", c, o, size) }, precision("float32"), target));
    }),
    { seed: 9, numRuns: 300 },
  );
});
