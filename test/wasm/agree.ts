/** Runs one kernel on the reference backend, on wasm and on native, and compares every output bit for bit (all NaNs are one). */
import { describe, expect, test } from "vitest";
import type { Backend, Engine } from "../../src/backends/backend.ts";
import { js } from "../../src/backends/js/index.ts";
import { prepareNative } from "../../src/backends/native/engine.ts";
import { nativeAt } from "../../src/backends/native/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import type { Kernel } from "../../src/ir/loops.ts";
import { targetsHere } from "../native/targets.ts";

export const awkward: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2,
  NaN,
  Infinity,
  -Infinity,
  1e-45,
  -1e-40,
  5e-324,
  6e-8,
  2 ** -14,
  -(2 ** -126),
  65504,
  65520,
  448,
  464,
  3.4e38,
  -3.4e38,
  1e300,
  1 / 3,
  -0.1,
];

/** Deterministic numbers in [-range, range) mixed with awkward ones. */
export function sample(count: number, seed: number, range = 3, oddity = 4): number[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => {
    const special = next() * oddity < 1;
    const value = (next() * 2 - 1) * range;
    return special ? awkward[Math.floor(next() * awkward.length)] : value;
  });
}

function contents(engine: Engine, kernel: Kernel): Record<string, number[]> {
  return Object.fromEntries(kernel.outputs.map(({ name }) => [name, [...engine.buffer(name)]]));
}

type Fill = (name: string, size: number) => number[];

function outputsOf(
  backend: Backend,
  kernel: Kernel,
  spec: PrecisionSpec | string,
  fill: Fill,
): Record<string, number[]> {
  const engine = backend.compile({ kernel }, precision(spec));
  engine.setStep(3);
  for (const { name, value } of kernel.inputs) engine.write(name, fill(name, sizeOf(kernel.values[value].shape)));
  engine.run("kernel");
  const outputs = contents(engine, kernel);
  engine.dispose();
  return outputs;
}

interface Case {
  readonly kernel: Kernel;
  readonly spec: PrecisionSpec | string;
  readonly fill: Fill;
  readonly expected: Readonly<Record<string, number[]>>;
}

const cases: Case[] = [];

/** Notes a case for `testNative`. */
export function remember(noted: Case): void {
  cases.push(noted);
}

/** @param fill Numbers of an input by name and size. */
export function expectAgreement(
  kernel: Kernel,
  spec: PrecisionSpec | string,
  fill: Fill = (_, size) => sample(size, size),
): void {
  const expected = outputsOf(js, kernel, spec, fill);
  cases.push({ kernel, spec, fill, expected });
  expect(outputsOf(wasm, kernel, spec, fill)).toEqual(expected);
}

/** The last test of a file: printed C gives the same bits in all of the file's cases, at every vector width. */
export function testNative(): void {
  describe.each(targetsHere())("native, $width bits", (target) => {
    test("agrees in every case of this file", { timeout: 600_000 }, () => {
      prepareNative(
        cases.map(({ kernel, spec }) => ({ kernels: { kernel }, precision: precision(spec) })),
        target,
      );
      const backend = nativeAt(target);
      for (const { kernel, spec, fill, expected } of cases) {
        expect(outputsOf(backend, kernel, spec, fill), JSON.stringify(spec)).toEqual(expected);
      }
    });
  });
}

export const formatNames: readonly string[] = [
  "float64",
  "float32",
  "tfloat32",
  "bfloat16",
  "float16",
  "float8_e4m3",
  "float8_e5m2",
  "custom(3,4)",
  "custom(9,30)",
  "custom(11,5)",
];
