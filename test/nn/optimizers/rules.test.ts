import { describe, expect, test } from "vitest";
import { type Steps, steps } from "./steps.ts";

const g = [0.6, 0.8];
const turned = [0.6, -0.8];
const w = [3, 4];

/** papers/bn-relu 6.3, one step from (3, 4) unless two gradients are given. */
const published: readonly [what: string, run: Omit<Steps, "w">, w: readonly number[], rate?: number][] = [
  ["LARS", { rule: "lars:momentum=0", gradients: [g], lr: 1 }, [2.997, 3.996], 0.005],
  ["LARS wd", { rule: "lars:momentum=0,weightDecay=5e-4", gradients: [g], lr: 1 }, [2.997, 3.996], 0.00498753117207],
  ["LARS wd .1", { rule: "lars:momentum=0,weightDecay=0.1", gradients: [g], lr: 1 }, [2.997, 3.996], 0.003333333333333],
  ["LARS twice", { rule: "lars:weightDecay=5e-4", gradients: [g, g], lr: 1 }, [2.991303, 3.988404]],
  ["LARS outside twice", { rule: "lars-outside:weightDecay=5e-4", gradients: [g, g], lr: 1 }, [2.991303, 3.988404]],
  ["LARC .05", { rule: "larc:momentum=0", gradients: [g], lr: 0.05 }, [2.97, 3.96], 0.05],
  ["LARC .1", { rule: "larc:momentum=0", gradients: [g], lr: 0.1 }, [2.9400000006, 3.9200000008], 0.099999999],
  ["LARC .5", { rule: "larc:momentum=0", gradients: [g], lr: 0.5 }, [2.9400000006, 3.9200000008], 0.099999999],
  ["LARC 3.2", { rule: "larc:momentum=0", gradients: [g], lr: 3.2 }, [2.9400000006, 3.9200000008], 0.099999999],
  ["LAMB", { rule: "lamb", gradients: [turned], lr: 0.1 }, [2.646446683064, 4.35355346425], 0.353553906192],
  [
    "LAMB wd",
    { rule: "lamb:weightDecay=0.01", gradients: [turned], lr: 0.1 },
    [2.634236329259, 4.340906053285],
    0.3551109345549,
  ],
  [
    "LAMB uncorrected",
    { rule: "lamb:corrected=0", gradients: [turned], lr: 0.1 },
    [2.646448938545, 4.353555719716],
    0.1118085548547,
  ],
  [
    "LAMB twice",
    { rule: "lamb:weightDecay=0.01", gradients: [turned, [1.2, -1.6]], lr: 0.1 },
    [2.262348988474, 4.686632057198],
  ],
  ["LALC-like A .05", { rule: "lalc-like-a:momentum=0", gradients: [g], lr: 0.05 }, [2.97, 3.96], 0.05],
  ["LALC-like A 3.2", { rule: "lalc-like-a:momentum=0", gradients: [g], lr: 3.2 }, [2.94, 3.92], 0.1],
];

describe("unit vectors of the rules", () => {
  test.each(published)("%s", (_, run, expected, rate) => {
    const stepped = steps({ ...run, w });
    for (const [i, value] of expected.entries()) expect(stepped.w[i]).toBeCloseTo(value, 11);
    if (rate !== undefined) expect(stepped.read("trace:rates")[0]).toBeCloseTo(rate, 12);
  });

  test("velocity of LARS after two steps", () => {
    const { read } = steps({ rule: "lars:weightDecay=5e-4", gradients: [g, g], lr: 1, w });
    expect(read("velocity:w")[0]).toBeCloseTo(0.005697, 12);
    expect(read("velocity:w")[1]).toBeCloseTo(0.007596, 12);
  });

  test("LALC-like B, C and D by hand", () => {
    // B: G^2 = (0.9 * 0.1 * 1 + 0.1 * 0.25) / (1 - 0.81), |w| = 4.9; |g| = 0.5 is below G.
    const b = steps({ rule: "lalc-like-b:momentum=0", gradients: [g, [0.3, 0.4]], lr: 3.2, w });
    expect(b.path[0]).toEqual([expect.closeTo(2.94, 12), expect.closeTo(3.92, 12)]);
    const rate = (0.02 * 4.9) / Math.sqrt((0.09 + 0.025) / 0.19);
    expect(b.read("trace:rates")[0]).toBeCloseTo(rate, 12);
    // C: 0.1 * 25 / 1; D: one layer is its own median, c = 0.5 halves it.
    expect(steps({ rule: "lalc-like-c", gradients: [g], lr: 3.2, w }).read("trace:rates")[0]).toBeCloseTo(2.5, 12);
    expect(steps({ rule: "lalc-like-d:c=0.5", gradients: [g], lr: 3.2, w }).read("trace:rates")[0]).toBeCloseTo(
      1.6,
      12,
    );
  });

  test("LAMBC bounds the ratio, LARC scale does not clip", () => {
    const lambc = steps({ rule: "lambc:bound=2", gradients: [turned], lr: 0.1, w });
    expect(lambc.read("trace:rates")[0]).toBeCloseTo(0.2, 12);
    const scale = steps({ rule: "larc-scale", gradients: [g], lr: 0.05, w });
    expect(scale.read("trace:rates")[0]).toBeCloseTo(0.05 * 0.1, 9);
  });

  test("where lr changes, the forms of LARS differ", () => {
    const run = { gradients: [g, g], lr: [1, 0.1], w };
    // Inside: v2 = .9 lam + .1 lam'; outside: .1 (.9 lam + lam').
    const inside = steps({ ...run, rule: "lars" }).path;
    const outside = steps({ ...run, rule: "lars-outside" }).path;
    expect(inside[0]).toEqual(outside[0]);
    expect(inside[0][0] - inside[1][0]).toBeCloseTo(0.6 * (0.9 * 0.005 + 0.1 * 0.004995), 12);
    expect(outside[0][0] - outside[1][0]).toBeCloseTo(0.6 * 0.1 * (0.9 * 0.005 + 0.004995), 12);
  });
});

const clipped = ["larc", "lalc-like-a", "lalc-like-b", "lalc-like-c", "lalc-like-d"];
const unbounded: Readonly<Record<string, string>> = { larc: "eta=Infinity", "lalc-like-d": "c=Infinity" };

describe("invariants", () => {
  const gradients = Array.from({ length: 12 }, (_, t) => [Math.sin(3 * t + 1), Math.cos(2 * t), 0.1 * t - 0.3]);
  const start = [0.3, -1.7, 0.011];

  test.each(clipped)("%s with an infinite bound is SGD bit for bit", (rule) => {
    for (const more of ["momentum=0", "momentum=0.9,weightDecay=0.01", "nesterov=1"]) {
      for (const format of ["float64", "float32", "float16"]) {
        const common = { gradients, lr: 0.3, w: start, format };
        const bound = unbounded[rule] ?? "tau=Infinity";
        const own = steps({ ...common, rule: `${rule}:${bound},${more}` });
        expect(own.path).toEqual(steps({ ...common, rule: `sgd:${more}` }).path);
      }
    }
  });

  test.each([...clipped, "lars", "lars-outside", "larc-scale", "lamb", "lambc"])(
    "%s: a zero norm has ratio 1",
    (rule) => {
      const momentum = rule.startsWith("lamb") ? "" : ":momentum=0";
      for (const [from, slope] of [
        [[0, 0], g],
        [w, [0, 0]],
      ]) {
        const own = steps({ rule: rule + momentum, gradients: [slope], lr: 0.5, w: from });
        expect(own.read("trace:rates")[0]).toBe(0.5);
        expect(own.w.every(Number.isFinite)).toBe(true);
      }
    },
  );

  test.each(clipped.slice(0, 3))("%s bounds the relative step", (rule) => {
    for (const scale of [1, 1e3, 1e6]) {
      const own = steps({ rule: `${rule}:momentum=0`, gradients: [g.map((x) => x * scale)], lr: 10, w });
      expect(own.read("trace:moved")[0] / own.read("trace:weights")[0]).toBeLessThanOrEqual(0.02 * (1 + 1e-12));
    }
  });

  test("the trace has the norms before the step, the rate and the length of the step", () => {
    const own = steps({ rule: "sgd:momentum=0.5", gradients: [g, g], lr: 0.1, w });
    expect(own.read("trace:weights")[0]).toBeCloseTo(4.9, 12);
    expect(own.read("trace:gradients")[0]).toBeCloseTo(1, 12);
    expect(own.read("trace:moved")[0]).toBeCloseTo(0.15, 12);
    expect(own.read("trace:rates")).toEqual([0.1]);
  });

  test("entries that are not finite are counted", () => {
    const own = steps({ rule: "sgd", gradients: [[1e308, Number.NaN, 1]], lr: 1e10, w: [1, 2, 3] });
    expect(own.read("nonFinite")).toEqual([2]);
  });
});
