import { describe, expect, test } from "vitest";
import {
  binomialTest,
  clopperPearson,
  fisherExact,
  fiveNumbers,
  hoeffding,
  median,
  quantile,
} from "../../src/analysis/statistics.ts";

describe("intervals", () => {
  test.each([
    [1000, 0.042947],
    [200, 0.096032],
    [100, 0.13581],
    [10, 0.429469],
  ])("Hoeffding, M = %i, delta = 0.05", (trials, eps) => {
    expect(hoeffding(trials)).toBeCloseTo(eps, 6);
  });

  test("Clopper-Pearson: closed forms at the ends and where the tail is a power", () => {
    expect(clopperPearson(0, 20)).toEqual({ low: 0, high: expect.closeTo(1 - 0.025 ** (1 / 20), 13) });
    expect(clopperPearson(20, 20)).toEqual({ low: expect.closeTo(0.025 ** (1 / 20), 13), high: 1 });
    expect(clopperPearson(1, 20).low).toBeCloseTo(1 - 0.975 ** (1 / 20), 13);
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
  });

  test("Clopper-Pearson: the exact binomial tails at its ends are 2.5 %", () => {
    for (const [hits, trials] of [
      [26, 60],
      [463, 1000],
      [1, 7],
    ]) {
      const { low, high } = clopperPearson(hits, trials);
      expect(binomialTest(hits, trials, low).greater).toBeCloseTo(0.025, 9);
      expect(binomialTest(hits, trials, high).less).toBeCloseTo(0.025, 9);
    }
  });

  test("impossible counts are refused", () => {
    for (const [hits, trials] of [
      [-1, 5],
      [6, 5],
      [0.5, 5],
      [Number.NaN, 5],
    ]) {
      expect(() => clopperPearson(hits, trials)).toThrow(/expected integers/);
    }
  });
});

describe("quantiles", () => {
  test("linear between order statistics, in numeric order", () => {
    expect(median([10, 9, 1, 2])).toBe(5.5);
    expect(fiveNumbers([5, 1, 4, 2, 3])).toEqual([1, 2, 3, 4, 5]);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  test("infinities, NaN and nothing", () => {
    expect(median([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
    expect(quantile([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.3)).toBe(Number.POSITIVE_INFINITY);
    expect(median([1, Number.NaN])).toBeNaN();
    expect(median([])).toBeNaN();
  });
});

describe("exact tests", () => {
  test("Fisher's tea: 3 of 4 against 1 of 4", () => {
    const tea = fisherExact(3, 4, 1, 4);
    expect(tea.greater).toBeCloseTo(17 / 70, 13);
    expect(tea.less).toBeCloseTo(69 / 70, 13);
    expect(tea.twoSided).toBeCloseTo(34 / 70, 13);
  });

  test("the published batch sizes differ, equal shares do not", () => {
    expect(fisherExact(488, 1000, 351, 1000).twoSided).toBeLessThan(1e-9);
    expect(fisherExact(50, 100, 50, 100).twoSided).toBeCloseTo(1, 12);
    expect(fisherExact(0, 0, 3, 7).twoSided).toBe(1);
  });

  test("binomial: a fair coin, and certain shares", () => {
    expect(binomialTest(8, 10, 0.5).greater).toBeCloseTo(56 / 1024, 13);
    expect(binomialTest(8, 10, 0.5).twoSided).toBeCloseTo(112 / 1024, 13);
    expect(binomialTest(0, 10, 0)).toMatchObject({ less: 1, twoSided: 1 });
    expect(binomialTest(10, 10, 1).greater).toBe(1);
    expect(() => binomialTest(1, 2, 1.5)).toThrow(/expected one in \[0, 1\]/);
  });
});
