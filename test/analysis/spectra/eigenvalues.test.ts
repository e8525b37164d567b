/** Eigensolvers against closed forms, each other, and matrices that are hard: rank-deficient, graded, clustered. */
import { describe, expect, it } from "vitest";
import { activationNamed } from "../../../src/analysis/spectra/activations.ts";
import { choleskyFactor } from "../../../src/analysis/spectra/cholesky.ts";
import { addTo, divide, multiply, squareRoot } from "../../../src/analysis/spectra/double-double.ts";
import { eigenvalues, factoredEigenvalues } from "../../../src/analysis/spectra/eigenvalues.ts";
import { infiniteGram } from "../../../src/analysis/spectra/infinite.ts";
import { singularValues } from "../../../src/analysis/spectra/jacobi.ts";
import { frobenius } from "../../../src/analysis/spectra/matrix.ts";
import { halfCircle, sphere } from "../../../src/analysis/spectra/points.ts";
import { genericRank, polynomialRank } from "../../../src/analysis/spectra/rank.ts";
import { symmetricEigenvalues } from "../../../src/analysis/spectra/tridiagonal.ts";
import { stream } from "../../../src/base/random.ts";

/** -1, 2, -1 along the diagonal: 4 sin^2(pi k / (2 (n + 1))). */
function secondDifferences(n: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = 2;
    if (i > 0) {
      a[i * n + i - 1] = -1;
      a[(i - 1) * n + i] = -1;
    }
  }
  return a;
}

describe("tridiagonal solver", () => {
  it("second differences, 200 points", () => {
    const n = 200;
    symmetricEigenvalues(secondDifferences(n), n).forEach((value, i) => {
      expect(value).toBeCloseTo(4 * Math.sin((Math.PI * (i + 1)) / (2 * (n + 1))) ** 2, 12);
    });
  });
  it.each([1, 2, 3])("n = %d, with zeros", (n) => {
    expect([...symmetricEigenvalues(new Float64Array(n * n), n)]).toEqual(new Array(n).fill(0));
    const diagonal = new Float64Array(n * n);
    for (let i = 0; i < n; i++) diagonal[i * (n + 1)] = n - i;
    expect([...symmetricEigenvalues(diagonal, n)]).toEqual(Array.from({ length: n }, (_, i) => i + 1));
  });
  it.each(["tanh", "swish", "poly:0,0,1", "relu"])(
    "%s, 420 points of the 2-sphere: mostly rounding, yet it ends",
    (name) => {
      const points = sphere(420, 3, 5);
      const matrix = infiniteGram(points, activationNamed(name));
      const own = symmetricEigenvalues(matrix.high.slice(), 420);
      const bound = 420 * 2 ** -53 * frobenius(matrix);
      expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(420 * matrix.high[0], 9);
      expect(own[0]).toBeGreaterThan(-bound);
    },
  );
  it("agrees with the library's solver", () => {
    const n = 60;
    const draws = stream(3, "test/symmetric");
    const high = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        high[i * n + j] = draws.normal();
        high[j * n + i] = high[i * n + j];
      }
    }
    const { values, errors } = eigenvalues({ n, high, entryError: 0 });
    symmetricEigenvalues(high.slice(), n).forEach((value, i) => {
      expect(Math.abs(value - values[i])).toBeLessThan(errors[i] + 1e-13);
    });
  });
});

describe("one-sided Jacobi", () => {
  it("keeps the relative accuracy of graded columns", () => {
    // Columns 10^(-4 j) times those of an orthogonal matrix: singular values are the lengths, exactly.
    const scales = [1, 1e-4, 1e-8, 1e-12];
    const h = [
      [1, 1, 1, 1],
      [1, -1, 1, -1],
      [1, 1, -1, -1],
      [1, -1, -1, 1],
    ];
    const columns = scales.map((scale, j) => Float64Array.from(h[j], (x) => (x * scale) / 2));
    singularValues(columns).forEach((value, j) => {
      expect(value / scales[j]).toBeCloseTo(1, 14);
    });
  });
  it("the Hilbert matrix of order 8: the smallest eigenvalue is 1.11153896637e-10", () => {
    const n = 8;
    const high = Float64Array.from({ length: n * n }, (_, at) => 1 / (Math.floor(at / n) + (at % n) + 1));
    // The low parts: 1 / k exactly, by one step of division.
    const low = high.map((x, at) => {
      const out = { hi: 0, lo: 0 };
      divide(out, 1, 0, Math.floor(at / n) + (at % n) + 1, 0);
      return out.hi === x ? out.lo : Number.NaN;
    });
    const { values, errors } = factoredEigenvalues({ n, high, low, entryError: 2 ** -100 });
    expect(values[0] / 1.1115389663724496e-10).toBeCloseTo(1, 11);
    expect(errors[0]).toBeLessThan(1e-6 * values[0]);
  });
  it("a rank-deficient matrix: the factor ends at the rank, and says what is left", () => {
    const matrix = infiniteGram(halfCircle(20), activationNamed("poly:0,0,1"));
    const { columns, left } = choleskyFactor(matrix);
    expect(columns.length).toBeGreaterThanOrEqual(3);
    expect(left).toBeLessThan(1e-13);
    const indefinite = { n: 2, high: Float64Array.of(1, 2, 2, 1), entryError: 0 };
    const { errors } = factoredEigenvalues(indefinite);
    expect(errors[0]).toBeGreaterThanOrEqual(1);
  });
});

describe("double-double", () => {
  it("sums, products, quotients and roots to 2^-100", () => {
    const third = { hi: 0, lo: 0 };
    divide(third, 1, 0, 3, 0);
    const one = { ...third };
    addTo(one, third.hi, third.lo);
    addTo(one, third.hi, third.lo);
    addTo(one, -1, 0);
    expect(Math.abs(one.hi + one.lo)).toBeLessThan(2 ** -100);
    const root = { hi: 0, lo: 0 };
    squareRoot(root, 2, 0);
    const two = { hi: 0, lo: 0 };
    multiply(two, root.hi, root.lo, root.hi, root.lo);
    addTo(two, -2, 0);
    expect(Math.abs(two.hi + two.lo)).toBeLessThan(2 ** -98);
  });
});

describe("exact ranks (E4, falsifier b)", () => {
  it.each([
    [[0, 0, 1], 2, 3],
    [[0, 0, 1], 5, 15],
    [[0, 6, 3, 1], 2, 7],
    [[0, 6, 3, 1], 3, 16],
    [[0, 6, 3, 1], 5, 50],
    [[0, 0, 0, 1], 3, 10],
  ])("%j in dimension %d: %d", (coefficients, d, rank) => {
    expect(genericRank(coefficients, d)).toBe(rank);
    expect(polynomialRank(coefficients, 60, d)).toBe(Math.min(60, rank));
    expect(polynomialRank(coefficients, 3, d)).toBe(3);
  });
  it("refuses what has no exact rank", () => {
    expect(() => polynomialRank([0, 0.5], 3, 2)).toThrow("expected integers");
    expect(() => polynomialRank([1], 3, 2)).toThrow("a constant has no Gram matrix");
    expect(() => polynomialRank([0, 1], 3, 1)).toThrow("dimension 1; expected at least 2");
  });
});
