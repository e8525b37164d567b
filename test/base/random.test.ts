import { describe, expect, test } from "vitest";
import { normalQuantile } from "../../src/base/normal-quantile.ts";
import { philox, type Words2, type Words4 } from "../../src/base/philox.ts";
import { stream } from "../../src/base/random.ts";

const ones = 0xffffffff;

describe("Philox 4x32-10", () => {
  /** Random123 1.14, tests/kat_vectors, the lines "philox4x32 10". */
  const known: readonly [Words4, Words2, Words4][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  test.each(known)("counter %j key %j", (counter, key, words) => {
    expect(philox(counter, key)).toEqual(words);
  });
});

describe("streams", () => {
  test("sequential draws are the draws by index", () => {
    const a = stream(7, "weights");
    const b = stream(7, "weights");
    for (let i = 0; i < 100; i++) expect(a.uniform()).toBe(b.uniformAt(i));
    expect(b.position).toBe(0);
    expect(b.normalAt(99)).toBe(stream(7, "weights").normalAt(99));
    expect(a.position).toBe(100);
  });

  test("are committed: a change of any bit is a change of stored results", () => {
    const s = stream(20260101, "weights");
    expect([s.uniform(), s.uniform32(), s.normal(), s.integer(1000), [...s.permutation(6)]]).toMatchInlineSnapshot(`
      [
        0.7885162013096042,
        0.8616876602172852,
        2.8097832727074077,
        425,
        [
          5,
          4,
          2,
          3,
          1,
          0,
        ],
      ]
    `);
    expect(stream(0, "").uniformAt(2 ** 52 + 1)).toMatchInlineSnapshot(`0.7548786124606647`);
  });

  test("differ by seed, its high bits, name and length of name", () => {
    const draws = [
      stream(1, "a"),
      stream(2, "a"),
      stream(1 + 2 ** 32, "a"),
      stream(1, "b"),
      stream(1, "a\0"),
      stream(1, "a".repeat(17)),
      stream(1, "a").substream("b"),
    ].map((s) => s.uniformAt(0));
    expect(new Set(draws).size).toBe(draws.length);
    expect(stream(1, "a").substream("b").uniform()).toBe(stream(1, "a/b").uniform());
  });

  test("uniform: grid, range, mean and variance; streams are uncorrelated", () => {
    const count = 20000;
    const [a, b] = [stream(3, "a"), stream(3, "b")];
    let [sum, squares, cross] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      const u = a.uniformAt(i);
      expect(u >= 0 && u < 1 && Number.isInteger(u * 2 ** 53)).toBe(true);
      const v = a.uniform32At(i);
      expect(Math.fround(v) === v && Number.isInteger(v * 2 ** 24)).toBe(true);
      sum += u;
      squares += (u - 0.5) ** 2;
      cross += (u - 0.5) * (b.uniformAt(i) - 0.5);
    }
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(Math.abs(squares / count - 1 / 12)).toBeLessThan(0.002);
    expect(Math.abs(cross / count)).toBeLessThan(4 / 12 / Math.sqrt(count));
  });

  test("normal: mean, variance, tails", () => {
    const count = 20000;
    const s = stream(4, "normal");
    const draws = Array.from({ length: count }, () => s.normal());
    const mean = draws.reduce((sum, x) => sum + x, 0) / count;
    const variance = draws.reduce((sum, x) => sum + x * x, 0) / count;
    const beyond2 = draws.filter((x) => Math.abs(x) > 2).length / count;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(0.006);
  });

  test("permutation holds every index once; integers stay in range", () => {
    const s = stream(5, "order");
    const order = s.permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect([...s.permutation(0)]).toEqual([]);
    expect([...s.permutation(1)]).toEqual([0]);
    for (let i = 0; i < 100; i++) expect([0, 1, 2]).toContain(s.integer(3));
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])("seed %s is refused", (seed) => {
    expect(() => stream(seed, "weights")).toThrow(/stream 'weights': seed must be an integer/);
  });
});

describe("normal quantile", () => {
  /** Python 3.11 statistics.NormalDist().inv_cdf. */
  test.each([
    [1.1102230246251565e-16, -8.209536151601386],
    [1e-14, -7.650628092935268],
    [1e-11, -6.706023155495136],
    [1.4e-11, -6.656723091518184],
    [1e-6, -4.753424308822899],
    [0.001, -3.090232306167813],
    [0.05, -1.6448536269514726],
    [0.07, -1.4757910281791702],
    [0.075, -1.4395314709384557],
    [0.1, -1.2815515655446008],
    [0.3, -0.5244005127080407],
    [0.499, -0.0025066308995717666],
    [0.6, 0.2533471031357998],
    [0.9249, 1.4388253927525403],
    [0.9251, 1.4402382675279632],
    [0.99, 2.3263478740408408],
    [0.999999, 4.753424308817089],
  ])("%s -> %s", (p, x) => {
    expect(Math.abs(normalQuantile(p) - x)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(x)));
  });

  test("is odd about one half", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.25)).toBe(-normalQuantile(0.75));
  });
});
