import { describe, expect, test } from "vitest";
import { fmaFloat32, fmaFloat64, sqrtOdd } from "../../src/formats/exact.ts";
import {
  arithmetic,
  custom,
  type Format,
  float16,
  float32,
  float64,
  round,
  tfloat32,
} from "../../src/formats/index.ts";
import { roundings } from "../../src/formats/round.ts";
import * as oracle from "./rational-oracle.ts";
import { anyFloat64, float64Near, words } from "./sampling.ts";

const { fraction, sum, product, quotient } = oracle;

/** The first operation on (a, b, c), finite and not zero, that is not the exact result rounded once. */
function firstWrong(format: Format, a: number, b: number, c: number, u: number): unknown {
  const [x, y, z] = [fraction(a), fraction(b), fraction(c)];
  const exact = {
    add: sum(x, y),
    sub: sum(x, fraction(-b)),
    mul: product(x, y),
    div: quotient(x, y),
    fma: sum(product(x, y), z),
    sqrt: { ...fraction(Math.abs(a)), root: true },
  };
  for (const rounding of roundings) {
    const own = arithmetic(format, rounding);
    const found = {
      add: own.add(a, b, u),
      sub: own.sub(a, b, u),
      mul: own.mul(a, b, u),
      div: own.div(a, b, u),
      fma: own.fma(a, b, c, u),
      sqrt: own.sqrt(Math.abs(a), u),
    };
    for (const name of Object.keys(exact) as (keyof typeof exact)[]) {
      const expected = oracle.rounded(format, exact[name], rounding, u);
      if (found[name] !== expected && !(Number.isNaN(expected) && Number.isNaN(found[name]))) {
        return { format: format.name, name, rounding, a, b, c, u, found: found[name], expected };
      }
    }
  }
  return undefined;
}

const formats = [
  float64,
  float32,
  tfloat32,
  float16,
  custom(11, 52),
  custom(11, 20),
  custom(9, 51),
  custom(8, 50),
  custom(2, 1),
  custom(6, 52),
];

describe.each(formats)("$name", (format) => {
  const draws = words(format.bits * 100 + format.exponentBits);
  const usable = (x: number): boolean => Number.isFinite(x) && x !== 0;

  function firstOf(count: number, sample: () => [number, number, number]): unknown {
    for (let i = 0; i < count; i++) {
      const operands = sample();
      const wrong = operands.every(usable) && firstWrong(format, ...operands, (draws() % 1024) / 1024);
      if (wrong) return wrong;
    }
    return undefined;
  }

  test("any float64 operands", () => {
    expect(firstOf(60, () => [anyFloat64(draws), anyFloat64(draws), anyFloat64(draws)])).toBeUndefined();
  });

  test("operands near the middle, the smallest and the largest numbers of the format", () => {
    for (const center of [1, format.smallestNormal, format.smallestSubnormal, format.largest]) {
      const sample = (): number => float64Near(draws, 3) * center;
      expect(firstOf(40, () => [sample(), float64Near(draws, 2), sample()])).toBeUndefined();
    }
  });

  test("values of the format, and c next to -a * b", () => {
    const sample = (): number => round(format, float64Near(draws, 2));
    expect(
      firstOf(100, () => {
        const [a, b] = [sample(), sample()];
        return [a, b, -round(format, a * b)];
      }),
    ).toBeUndefined();
  });
});

describe("fused multiply-add: hard cases", () => {
  test("float32 by float64 would round twice", () => {
    // a * b + c = 1 + 2^-23 + 2^-24 - 2^-70: float64 drops the last term and leaves a tie, which goes to even.
    const [a, b, c] = [2 ** -24 * (1 + 2 ** -23), 1 - 2 ** -23, 1 + 2 ** -23];
    expect(Math.fround(a * b + c)).toBe(1 + 2 ** -22);
    expect(fmaFloat32(a, b, c)).toBe(1 + 2 ** -23);
  });

  test("float32 on values of float32", () => {
    const draws = words(9);
    const sample = (range: number): number => Math.fround(float64Near(draws, range));
    for (let i = 0; i < 3000; i++) {
      const [a, b] = [sample(60), sample(60)];
      const c = i % 2 === 0 ? Math.fround(-a * b * (1 + 2 ** -(draws() % 30))) : sample(120);
      const exact = sum(product(fraction(a), fraction(b)), fraction(c));
      expect(fmaFloat32(a, b, c)).toBe(oracle.rounded(float32, exact, "nearest", 0));
    }
  });

  test.each([
    ["float64 double rounding", 1 + 2 ** -52, 1 + 2 ** -52, 2 ** -106],
    ["float64 tie broken far below", 1 + 2 ** -27, 1 - 2 ** -27, 2 ** -53 + 2 ** -105],
    ["float64 full cancellation leaves the product's error", 1 + 2 ** -30, 1 + 2 ** -30, -(1 + 2 ** -29)],
    ["float64 subnormal result", 2 ** -537, 1.5 * 2 ** -537, 2 ** -1074],
    ["float64 subnormal result, rounded once", (1 + 2 ** -52) * 2 ** -500, (1 + 2 ** -52) * 2 ** -560, 2 ** -1074],
    ["float64 product below the range", 2 ** -600, 2 ** -600, 2 ** -1022],
    ["float64 product of subnormals against a tie", 2 ** -1074, 2 ** -1074, 1],
    ["float64 product beyond the range, brought back", 2 ** 1000, 2 ** 30, -(2 ** 1023)],
    ["float64 product at the edge of the range", Number.MAX_VALUE, 1 + 2 ** -52, -(2 ** 971)],
    ["float64 huge c", 1.5, 1 + 2 ** -52, Number.MAX_VALUE],
    ["float64 splitting would overflow", 2 ** 1020, 1 + 2 ** -52, -(2 ** 1020)],
  ])("%s", (_, a, b, c) => {
    const exact = oracle.rounded(float64, sum(product(fraction(a), fraction(b)), fraction(c)), "nearest", 0);
    expect(fmaFloat64(a, b, c)).toBe(exact);
    for (const format of [float16, float32, tfloat32]) expect(firstWrong(format, a, b, c, 0.5)).toBeUndefined();
  });

  test("float16 from float32 operands: 1024 - 2^-24 toward zero is 1023.5", () => {
    expect(arithmetic(float16, "zero").fma(2 ** -12, -(2 ** -12), 1024)).toBe(1023.5);
    expect(arithmetic(float16, "zero").add(1024, -(2 ** -24))).toBe(1023.5);
    expect(arithmetic(float16).fma(1, 1, 2 ** -11)).toBe(1);
    expect(arithmetic(float16).fma(1 + 2 ** -10, 1, 2 ** -11 + 2 ** -24)).toBe(1 + 2 ** -9);
  });

  test("signed zeros, infinities and NaN as IEEE 754", () => {
    for (const format of [float64, float32, float16, custom(9, 51)]) {
      for (const rounding of roundings) {
        const own = arithmetic(format, rounding);
        expect(own.fma(0, -1, 0)).toBe(0);
        expect(own.fma(0, -1, -0)).toBe(-0);
        expect(own.fma(0, 1, -0)).toBe(0);
        expect(own.fma(1, 1, -1)).toBe(0);
        expect(own.fma(2 ** 100, 2 ** 1000, -Infinity)).toBe(-Infinity);
        expect(own.fma(Infinity, 0, 1)).toBeNaN();
        expect(own.fma(Infinity, 1, -Infinity)).toBeNaN();
        expect(own.fma(Infinity, -1, 1)).toBe(-Infinity);
        expect(own.fma(1, 1, Number.NaN)).toBeNaN();
        expect(own.add(-0, -0)).toBe(-0);
        expect(own.add(1, -1)).toBe(0);
        expect(own.sub(-0, 0)).toBe(-0);
        expect(own.mul(-0, 1)).toBe(-0);
        expect(own.mul(0, Infinity)).toBeNaN();
        expect(own.div(1, 0)).toBe(Infinity);
        expect(own.div(1, -0)).toBe(-Infinity);
        expect(own.div(-0, 1)).toBe(-0);
        expect(own.div(1, -Infinity)).toBe(-0);
        expect(own.div(0, 0)).toBeNaN();
        expect(own.sqrt(-0)).toBe(-0);
        expect(own.sqrt(-1)).toBeNaN();
        expect(own.sqrt(Infinity)).toBe(Infinity);
      }
    }
  });
});

test("a root rounded to odd keeps exact roots exact", () => {
  expect(sqrtOdd(2 ** -1074)).toBe(2 ** -537);
  expect(sqrtOdd(2.25 * 2 ** 1000)).toBe(1.5 * 2 ** 500);
});
