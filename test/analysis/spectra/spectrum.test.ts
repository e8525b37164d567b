/** E1, 6.3, 6.6 and the falsifiers of 8.8: spectra against closed forms, with their error bounds. */
import { describe, expect, it } from "vitest";
import { activationNamed } from "../../../src/analysis/spectra/activations.ts";
import { dualOf } from "../../../src/analysis/spectra/dual.ts";
import { eigenvalues, factoredEigenvalues } from "../../../src/analysis/spectra/eigenvalues.ts";
import { infiniteGram } from "../../../src/analysis/spectra/infinite.ts";
import { exactInfiniteGram } from "../../../src/analysis/spectra/infinite-exact.ts";
import { pairBound } from "../../../src/analysis/spectra/law.ts";
import { traceOf } from "../../../src/analysis/spectra/matrix.ts";
import * as sets from "../../../src/analysis/spectra/points.ts";
import { separation } from "../../../src/analysis/spectra/separation.ts";
import { infiniteSpectrum } from "../../../src/analysis/spectra/spectrum.ts";
import { readTable } from "../../../src/data/index.ts";
import { counts, halfCircle } from "./vectors.ts";

const spectrum = (name: string, points: sets.Points) => infiniteSpectrum(points, activationNamed(name));

describe.each(Object.keys(halfCircle))("%s on the half circle", (name) => {
  it("has the smallest eigenvalues of E1, or says that it cannot tell", () => {
    [10, 20, 50, 100].forEach((n, i) => {
      const { lambdaMin, floor, resolved } = spectrum(name, sets.halfCircle(n));
      const expected = halfCircle[name][i];
      if (expected === null) expect(lambdaMin).toBeLessThan(1e-29 + floor);
      else {
        expect(resolved[0]).toBe(true);
        const digits = expected > 1e-20 ? 5e-6 : 5e-3;
        expect(Math.abs(lambdaMin / expected - 1)).toBeLessThan(digits + floor / expected);
      }
    });
  });
});

describe.each(Object.keys(counts))("%s", (name) => {
  it("has the counts of E1", () => {
    const found = spectrum(name, sets.halfCircle(50)).counts;
    expect(["1e-3", "1e-6", "1e-10", "1e-16"].map((eps) => found[eps])).toEqual(counts[name]);
  });
});

describe("relu, closed forms", () => {
  it.each([
    [sets.halfCircle(3), [0.697690110272, 0.583333333333, 0.218976556394]],
    [sets.halfCircle(4), [0.90707707, 0.73030037, 0.26969963, 0.09292293]],
    [sets.halfCircle(5), [1.120756269977, 0.889162662052, 0.327306705319, 0.099033939073, 0.063740423579]],
    [sets.circle(3), [7 / 12, 7 / 12, 1 / 3]],
    [sets.circle(5), [0.688196601125, 0.688196601125, 0.52360679775, 0.3, 0.3]],
    [
      sets.circle(7),
      [0.914855609169, 0.914855609169, 0.721273905646, 0.406572962259, 0.406572962259, 0.067934475748, 0.067934475748],
    ],
  ])("6.3: %o", (points, expected) => {
    const found = [...spectrum("relu", points).eigenvalues].reverse();
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 7);
    });
  });
  it("the full circle with n odd, for all n up to 41", () => {
    const csc2 = (x: number): number => 1 / Math.sin(x) ** 2;
    for (let n = 3; n <= 41; n += 2) {
      const exact = Array.from({ length: n }, (_, j) => {
        const e = j % 2 === 0 ? j : j + n;
        const value = csc2((Math.PI * (e - 1)) / (2 * n)) + csc2((Math.PI * (e + 1)) / (2 * n));
        return value / (8 * n) + (j === 1 || j === n - 1 ? n / 8 : 0);
      }).sort((a, b) => a - b);
      const { eigenvalues: found, errorBounds } = spectrum("relu", sets.circle(n));
      exact.forEach((value, i) => {
        expect(Math.abs(found[i] - value)).toBeLessThan(errorBounds[i] + 1e-14);
      });
    }
  });
  it("falsifier (a): even n >= 10 on the half circle stay within [1, 1.1] / (4 n)", () => {
    for (let n = 10; n <= 60; n += 10) {
      const { lambdaMin } = spectrum("relu", sets.halfCircle(n));
      expect(lambdaMin).toBeGreaterThanOrEqual(1 / (4 * n * Math.cos(Math.PI / (2 * n)) ** 2) - 1e-12);
      expect(lambdaMin).toBeLessThan(1.1 / (4 * n));
    }
  });
});

describe("falsifiers", () => {
  it("(c) elu is never better than relu on the half circle", () => {
    for (const n of [5, 10, 20, 50]) {
      expect(spectrum("elu", sets.halfCircle(n)).lambdaMin).toBeLessThan(
        spectrum("relu", sets.halfCircle(n)).lambdaMin,
      );
    }
  });
  it("(d) P_L of tanh grows with L", () => {
    const found = [1, 2, 4, 8].map(
      (depth) =>
        infiniteSpectrum(sets.halfCircle(20), activationNamed("tanh"), { depth, normalization: "plain" }).lambdaMin,
    );
    for (let i = 1; i < found.length; i++) expect(found[i]).toBeGreaterThan(found[i - 1]);
  });
});

describe("depth far below rounding of the matrix", () => {
  it.each(["tanh", "swish", "erf"])("%s, 50 points: grows from layer to layer, always resolved", (name) => {
    const found = [1, 2, 3, 4].map((depth) =>
      infiniteSpectrum(sets.halfCircle(50), activationNamed(name), { depth, normalization: "centred" }),
    );
    expect(found.every(({ resolved }) => resolved[0])).toBe(true);
    for (let i = 1; i < found.length; i++) expect(found[i].lambdaMin).toBeGreaterThan(found[i - 1].lambdaMin);
  });
});

describe("methods agree within their bounds", () => {
  it.each(["tanh", "swish", "erf", "gelu", "poly:0,1,0.5"])("%s: float64, double-double, Fourier", (name) => {
    const activation = activationNamed(name);
    const points = sets.halfCircle(12);
    const coarse = eigenvalues(infiniteGram(points, activation));
    const fine = factoredEigenvalues(exactInfiniteGram(points, activation) as never);
    const chosen = spectrum(name, points);
    for (let i = 0; i < 12; i++) {
      expect(Math.abs(coarse.values[i] - fine.values[i])).toBeLessThan(coarse.errors[i] + fine.errors[i]);
      expect(Math.abs(chosen.eigenvalues[i] - fine.values[i])).toBeLessThan(
        chosen.errorBounds[i] + 1e-12 * fine.values[i] + fine.errors[i],
      );
    }
  });
  it.each(["relu", "selu", "tanh"])("%s: the table of large matrices", (name) => {
    const activation = activationNamed(name);
    const large = infiniteGram(sets.sphere(420, 2, 1), activation);
    const small = infiniteGram(sets.firstPoints(sets.sphere(420, 2, 1), 399), activation);
    for (let i = 0; i < 399; i++) {
      for (let j = 0; j < 399; j++) {
        const apart = Math.abs(large.high[i * 420 + j] - small.high[i * 399 + j]);
        expect(apart).toBeLessThan(large.entryError + small.entryError);
      }
    }
  });
  it("the sum of eigenvalues is the trace n E[phi'^2], and the smallest is below the pair bound", () => {
    for (const name of ["relu", "elu", "tanh"]) {
      const points = sets.sphere(40, 3, 7);
      const matrix = infiniteGram(points, activationNamed(name));
      const { values } = eigenvalues(matrix);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(traceOf(matrix), 10);
    }
  });
  it("an isometric lift leaves the spectrum", () => {
    const flat = sets.sphere(15, 2, 3);
    const rows = new Float64Array(15 * 4);
    for (let i = 0; i < 15; i++) {
      const [x, y] = sets.row(flat, i);
      rows.set([0.5 * x + 0.5 * y, 0.5 * x - 0.5 * y, 0.5 * x + 0.5 * y, 0.5 * x - 0.5 * y], 4 * i);
    }
    const lifted = sets.unitRows("lifted", rows, 15, 4);
    const [a, b] = [flat, lifted].map((points) => spectrum("elu", points).eigenvalues);
    a.forEach((value, i) => {
      expect(b[i]).toBeCloseTo(value, 11);
    });
  });
});

describe("E3: NumPy's points, default_rng(0).standard_normal((200, 3)) divided by their norms", () => {
  const { rows, columns, values } = readTable(
    new URL("../../vectors/sphere-numpy-200x3.npy", import.meta.url).pathname,
  );
  const points = sets.unitRows("numpy", values, rows, columns);
  it.each([
    ["relu", 4.29e-4],
    ["tanh", 3.3e-11],
    ["erf", 5.9e-12],
  ])("%s has the table's smallest eigenvalue", (name, expected) => {
    const { lambdaMin, resolved } = spectrum(name, points);
    expect(resolved[0]).toBe(true);
    expect(lambdaMin / expected).toBeCloseTo(1, 1);
  });
  it("the closest pair bounds it (2.8): 4.327e-4", () => {
    expect(pairBound(points, dualOf(activationNamed("relu")))).toBeCloseTo(4.327e-4, 7);
  });
});

describe("data", () => {
  it("the even circle has antipodes, whose spectra have unresolved zeros (flaw F2)", () => {
    const points = sets.circle(10);
    expect(separation(points)).toMatchObject({ delta: 0, antipodeCount: 5, duplicateCount: 0 });
    const unresolved = (name: string): number => spectrum(name, points).resolved.filter((r) => !r).length;
    expect(["relu", "swish", "tanh", "selu", "elu"].map(unresolved)).toEqual([3, 3, 5, 0, 0]);
  });
  it("delta of the half circle is sin(pi / n)", () => {
    expect(separation(sets.halfCircle(12)).delta).toBeCloseTo(Math.sin(Math.PI / 12), 14);
  });
  it("rows without direction are refused by index", () => {
    expect(() => sets.unitRows("x", Float64Array.of(1, 0, 0, 0), 2, 2)).toThrow("row 1 is zero");
    expect(() => sets.unitRows("x", Float64Array.of(1, Number.NaN), 1, 2)).toThrow("row 0 holds NaN");
    expect(() => sets.unitRows("x", new Float64Array(0), 0, 2)).toThrow("0 points");
  });
  it("bias: variance 2 at correlation (1 + cos t) / 2 (E1, table with bias)", () => {
    const lambda = (name: string, n: number, bias: "fixed" | "trained"): number =>
      infiniteSpectrum(sets.circle(n), activationNamed(name), { bias }).lambdaMin;
    expect(lambda("relu", 10, "fixed")).toBeCloseTo(3.92e-2, 5);
    expect(lambda("relu", 10, "trained")).toBeCloseTo(7.472e-2, 5);
    expect(lambda("elu", 10, "fixed")).toBeCloseTo(2.975e-3, 6);
    expect(lambda("tanh", 10, "trained")).toBeCloseTo(1.708e-2, 5);
    expect(lambda("swish", 10, "fixed")).toBeCloseTo(5.22e-4, 6);
    // The table has 3.77e-5; this is mpmath's, 22 digits, by quadrature over u of the closed form in v.
    expect(lambda("elu", 50, "trained")).toBeCloseTo(3.740986458e-5, 11);
  });
});
