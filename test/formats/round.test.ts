import { describe, expect, test } from "vitest";
import {
  bfloat16,
  custom,
  type Format,
  float8_e4m3,
  float8_e5m2,
  float16,
  float32,
  float64,
  type Rounding,
  round,
  rounder,
  saturating,
  tfloat32,
} from "../../src/formats/index.ts";
import { round as roundFully, roundings } from "../../src/formats/round.ts";
import { type ArithmeticName, roundingExpr, supportsRounding } from "../../src/formats/rounding.ts";
import { type Expr, input } from "../../src/ir/expression.ts";
import { evaluate } from "./expression-evaluator.ts";
import * as oracle from "./rational-oracle.ts";
import { anyFloat64, float64Near, words } from "./sampling.ts";

const everyFormat: readonly Format[] = [
  float64,
  float32,
  tfloat32,
  bfloat16,
  float16,
  float8_e4m3,
  float8_e5m2,
  saturating(float8_e4m3),
  saturating(float16),
  custom(2, 1),
  custom(4, 3),
  custom(8, 22),
  custom(5, 23),
  custom(11, 10),
  custom(11, 51),
  custom(9, 52),
  custom(11, 52),
];

/** Zeros, ends of the range, ties and their neighbors, at random and beyond. */
function* samples(format: Format, count: number): Generator<number> {
  const { largest, smallestNormal, smallestSubnormal, epsilon } = format;
  const beyond = largest + largest * epsilon;
  const special = [0, 1, 1 + epsilon / 2, 1 + 1.5 * epsilon, largest, beyond, smallestNormal, smallestSubnormal / 2];
  special.push(largest * (1 + epsilon / 4), largest * (1 + epsilon / 8), smallestSubnormal, smallestNormal / 2);
  special.push(smallestNormal - smallestSubnormal / 2, Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 464, 480, 65520);
  for (const x of special) {
    const step = Number.isFinite(x) ? x * 2 ** -52 : 0;
    for (const y of [x, x + step, x - step]) yield* [y, -y];
  }
  yield Number.NaN;
  const draw = words(format.bits);
  for (let i = 0; i < count; i++) {
    yield anyFloat64(draw);
    yield float64Near(draw, 4);
    yield float64Near(draw, 4) * smallestNormal;
    yield float64Near(draw, 2) * largest;
    yield Math.fround(float64Near(draw, 140));
  }
}

describe("round", () => {
  test.each(everyFormat)("$name: every mode against fractions", (format) => {
    let i = 0;
    for (const x of samples(format, 60)) {
      const u = (i++ % 64) / 64;
      for (const rounding of roundings) {
        const expected = Number.isFinite(x) ? Math.abs(oracle.rounded(format, oracle.fraction(x), rounding, u)) : NaN;
        const infinite = format.saturate ? format.largest : format.infinities ? Infinity : Number.NaN;
        const found = round(format, x, rounding, u);
        expect(Math.abs(found)).toBe(Math.abs(x) === Infinity ? infinite : expected);
        if (!Number.isNaN(found)) expect(Object.is(found, Math.abs(found))).toBe(Object.is(x, Math.abs(x)));
      }
    }
  });

  test("NaN stays NaN and zeros keep their sign, in every mode", () => {
    for (const format of everyFormat) {
      for (const rounding of roundings) {
        expect(round(format, Number.NaN, rounding)).toBeNaN();
        expect(round(format, 0, rounding, 0.75)).toBe(0);
        expect(round(format, -0, rounding, 0.75)).toBe(-0);
      }
    }
  });

  test("ties go to even", () => {
    expect(round(float16, 2049)).toBe(2048);
    expect(round(float16, 2051)).toBe(2052);
    expect(round(float16, 2 ** -25)).toBe(0);
    expect(round(float16, -(2 ** -25))).toBe(-0);
    expect(round(float16, 3 * 2 ** -25)).toBe(2 ** -23);
    expect(round(float8_e4m3, 17)).toBe(16);
    expect(round(float8_e4m3, 19)).toBe(20);
  });

  test.each<[Format, number, Rounding, number]>([
    [float16, 65519, "nearest", 65504],
    [float16, 65520, "nearest", Infinity],
    [float16, -65520, "nearest", -Infinity],
    [float16, 1e300, "zero", 65504],
    [float16, 1e300, "down", 65504],
    [float16, 1e300, "up", Infinity],
    [float16, -1e300, "up", -65504],
    [float16, -1e300, "down", -Infinity],
    [float16, -65505, "zero", -65504],
    [float16, Infinity, "zero", Infinity],
    [float16, -Infinity, "up", -Infinity],
    [float8_e4m3, 464, "nearest", 448],
    [float8_e4m3, -464, "nearest", -448],
    [float8_e4m3, 464 + 2 ** -40, "nearest", Number.NaN],
    [float8_e4m3, 1e9, "zero", 448],
    [float8_e4m3, 449, "up", Number.NaN],
    [float8_e4m3, -449, "up", -448],
    [float8_e4m3, Infinity, "nearest", Number.NaN],
    [float8_e4m3, Infinity, "zero", Number.NaN],
    [float8_e5m2, 61439, "nearest", 57344],
    [float8_e5m2, 61440, "nearest", Infinity],
    [saturating(float8_e4m3), 1e9, "nearest", 448],
    [saturating(float8_e4m3), -Infinity, "nearest", -448],
    [saturating(float8_e5m2), 1e9, "up", 57344],
    [float32, 3.4028235677973366e38, "nearest", Infinity],
    [custom(4, 3), 248, "nearest", Infinity],
    [float16, 2 ** -1074, "up", 2 ** -24],
    [float16, 2 ** -1074, "down", 0],
    [float16, -(2 ** -1074), "up", -0],
    [float16, -(2 ** -1074), "down", -(2 ** -24)],
  ])("%o: %s %s is %s", (format, x, rounding, expected) => {
    expect(round(format, x, rounding)).toBe(expected);
  });

  test("stochastic: floor(x / quantum + u) exactly, below the smallest subnormal too", () => {
    expect(round(float16, 1 + 2 ** -12, "stochastic", 0.5)).toBe(1);
    expect(round(float16, 1 + 2 ** -12, "stochastic", 0.75)).toBe(1 + 2 ** -10);
    expect(round(float16, -1 - 2 ** -12, "stochastic", 0.25)).toBe(-1);
    expect(round(float16, -1 - 2 ** -12, "stochastic", 0.25 - 2 ** -53)).toBe(-1 - 2 ** -10);
    expect(round(float16, 2 ** -1074, "stochastic", 1 - 2 ** -53)).toBe(0);
    expect(round(float16, -(2 ** -1074), "stochastic", 0)).toBe(-(2 ** -24));
    expect(round(float16, -(2 ** -1074), "stochastic", 2 ** -53)).toBe(-0);
    expect(round(float16, 65520, "stochastic", 0.5)).toBe(Infinity);
    expect(round(float16, 65520, "stochastic", 0.5 - 2 ** -53)).toBe(65504);
  });

  test("stochastic: an exact value never moves, a quarter moves in a quarter of the draws", () => {
    const draws = Array.from({ length: 256 }, (_, i) => i / 256);
    expect(new Set(draws.map((u) => round(bfloat16, -3, "stochastic", u)))).toEqual(new Set([-3]));
    expect(draws.filter((u) => round(bfloat16, 1 + 2 ** -9, "stochastic", u) > 1).length).toBe(64);
    expect(draws.filter((u) => round(bfloat16, -1 - 2 ** -9, "stochastic", u) < -1).length).toBe(64);
  });

  test("flush: subnormal results become zeros of their sign, after rounding", () => {
    expect(round(float16, 2 ** -15, "nearest", 0, true)).toBe(0);
    expect(round(float16, -(2 ** -15), "nearest", 0, true)).toBe(-0);
    expect(round(float16, 2 ** -14 - 2 ** -26, "nearest", 0, true)).toBe(2 ** -14);
    expect(round(float16, 2 ** -14 - 2 ** -26, "zero", 0, true)).toBe(0);
    expect(rounder(float64, "nearest", true)(-(2 ** -1030))).toBe(-0);
    expect(rounder(float64, "nearest", true)(2 ** -1022)).toBe(2 ** -1022);
  });
});

describe("the same rounding in other forms", () => {
  const cases = everyFormat.flatMap((format) =>
    roundings.flatMap((rounding) => [false, true].map((flush) => ({ name: format.name, format, rounding, flush }))),
  );

  test.each(cases)("$name $rounding flush $flush: rounder", ({ format, rounding, flush }) => {
    const fast = rounder(format, rounding, flush);
    let i = 0;
    for (const x of samples(format, 200)) {
      const u = (i++ % 64) / 64;
      const expected = roundFully(format, x, rounding, u, flush);
      if (!Object.is(fast(x, u), expected)) expect({ x, u, found: fast(x, u) }).toEqual({ x, u, found: expected });
    }
  });

  function check(format: Format, rounding: Rounding, flush: boolean, machine: ArithmeticName): void {
    const u: Expr = input(1);
    const expr = roundingExpr(format, rounding, flush, input(0), u, machine);
    let i = 0;
    for (const sample of samples(format, 80)) {
      const x = machine === "float32" ? Math.fround(sample) : sample;
      const draw = (i++ % 64) / 64;
      const found = evaluate(expr, [x, draw], machine);
      const expected = roundFully(format, x, rounding, draw, flush);
      if (!Object.is(found, expected)) expect({ x, draw, found }).toEqual({ x, draw, found: expected });
    }
  }

  test.each(cases)("$name $rounding flush $flush: expression in float64", ({ format, rounding, flush }) => {
    check(format, rounding, flush, "float64");
  });

  test.each(cases.filter(({ format, rounding }) => supportsRounding(format, rounding, "float32")))(
    "$name $rounding flush $flush: expression in float32",
    ({ format, rounding, flush }) => {
      check(format, rounding, flush, "float32");
    },
  );

  test("expressions that would be wrong are refused", () => {
    expect(() => roundingExpr(custom(9, 3), "nearest", false, input(0), undefined, "float32")).toThrow("float32");
    expect(() => roundingExpr(float16, "stochastic", false, input(0), input(1), "float32")).toThrow("stochastic");
    expect(() => roundingExpr(float16, "stochastic", false, input(0))).toThrow("needs a uniform draw");
  });
});
