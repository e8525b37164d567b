import { describe, expect, test } from "vitest";
import {
  type Arithmetic,
  arithmetic,
  bfloat16,
  type Format,
  float8_e4m3,
  float8_e5m2,
  float16,
} from "../../src/formats/index.ts";
import { roundings } from "../../src/formats/round.ts";
import { words } from "./sampling.ts";
import type { Exact, Operand } from "./small-integer-oracle.ts";
import * as oracle from "./small-integer-oracle.ts";

/** Every operation with its oracle, over the same three operands. */
const operations: readonly [string, (a: Operand, b: Operand, c: Operand) => Exact, Compute][] = [
  ["add", oracle.add, (arithmetic, { a, b }, u) => arithmetic.add(a.value, b.value, u)],
  ["sub", oracle.sub, (arithmetic, { a, b }, u) => arithmetic.sub(a.value, b.value, u)],
  ["mul", oracle.mul, (arithmetic, { a, b }, u) => arithmetic.mul(a.value, b.value, u)],
  ["div", oracle.div, (arithmetic, { a, b }, u) => arithmetic.div(a.value, b.value, u)],
  ["sqrt", oracle.sqrt, (arithmetic, { a }, u) => arithmetic.sqrt(a.value, u)],
  ["fma", oracle.fma, (arithmetic, { a, b, c }, u) => arithmetic.fma(a.value, b.value, c.value, u)],
];
type Compute = (arithmetic: Arithmetic, operands: Case, u: number) => number;
const pairwise = ["add", "sub", "mul", "div"];

/** A draw on the grid 2^-10 that differs from case to case and includes 0. */
function drawOf(i: number): number {
  return ((i * 37) % 1024) / 1024;
}

function operandsOf(format: Format): Operand[] {
  return Array.from({ length: 2 ** format.bits }, (_, bits) => oracle.operand(format, bits));
}

interface Case {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
}

/** The first case where an operation is not the exact result rounded once, in any mode. */
function firstWrong(format: Format, name: string, cases: Iterable<Case>): unknown {
  const modes = roundings.map((rounding) => ({ rounding, own: arithmetic(format, rounding) }));
  const [, exactly, compute] = operations.find(([known]) => known === name) as (typeof operations)[number];
  let i = 0;
  for (const operands of cases) {
    const exact = oracle.cut(format, exactly(operands.a, operands.b, operands.c));
    for (const { rounding, own } of modes) {
      const u = drawOf(i++);
      const expected = oracle.rounded(format, exact, rounding, u);
      const found = compute(own, operands, u);
      if (!Object.is(found, expected)) {
        const [a, b, c] = [operands.a.value, operands.b.value, operands.c.value];
        return { name, rounding, u, a, b, c, found, expected };
      }
    }
  }
  return undefined;
}

function* everyPair(format: Format): Generator<Case> {
  const all = operandsOf(format);
  for (const a of all) for (const b of all) yield { a, b, c: a };
}

describe.each([float8_e4m3, float8_e5m2])("$name, exhaustively, all modes", (format) => {
  test.each(pairwise)("%s of every pair", (name) => {
    expect(firstWrong(format, name, everyPair(format))).toBeUndefined();
  });

  test("sqrt of every value", () => {
    const cases = operandsOf(format).map((a) => ({ a, b: a, c: a }));
    expect(firstWrong(format, "sqrt", cases)).toBeUndefined();
  });

  test("fma of every pair with zeros, ends of the range, ties and NaN", () => {
    const all = operandsOf(format);
    const patterns = [0x00, 0x80, 0x01, 0x81, 0x07, 0x08, 0x38, 0xb9, 0x5a, 0x7b, 0x7c, 0x7d, 0x7e, 0xfe, 0x7f, 0xff];
    for (const bits of patterns) {
      const cases = function* (): Generator<Case> {
        for (const a of all) for (const b of all) yield { a, b, c: all[bits] };
      };
      expect(firstWrong(format, "fma", cases())).toBeUndefined();
    }
  });
});

describe.each([float16, bfloat16])("$name, 10^6 random pairs, all modes", (format) => {
  const all = operandsOf(format);

  /** Half of the pairs have exponents near each other, where sums cancel and quotients are ordinary. */
  function* pairs(seed: number, count: number): Generator<Case> {
    const draw = words(seed);
    const near = 8 * 2 ** format.fractionBits;
    for (let i = 0; i < count; i++) {
      const word = draw();
      const [a, b] = [word & 0xffff, word >>> 16];
      const c = draw() & 0xffff;
      const magnitude = Math.min(0x7fff, Math.max(0, (a & 0x7fff) + (b % (2 * near)) - near));
      yield { a: all[a], b: all[i % 2 === 0 ? b : (b & 0x8000) | magnitude], c: all[c] };
    }
  }

  test.each(pairwise)("%s", (name) => {
    expect(firstWrong(format, name, pairs(1, 1_000_000))).toBeUndefined();
  });

  test("sqrt of every value", () => {
    const cases = all.map((a) => ({ a, b: a, c: a }));
    expect(firstWrong(format, "sqrt", cases)).toBeUndefined();
  });

  test("fma, c at random or next to -a * b", () => {
    const cases = function* (): Generator<Case> {
      let i = 0;
      for (const { a, b, c } of pairs(2, 1_000_000)) {
        const target = Math.fround(-a.value * b.value);
        const bits = new Uint32Array(new Float32Array([target]).buffer)[0];
        const close = format === bfloat16 ? all[bits >>> 16] : c;
        yield { a, b, c: i++ % 2 === 0 ? close : c };
      }
    };
    expect(firstWrong(format, "fma", cases())).toBeUndefined();
  });
});
