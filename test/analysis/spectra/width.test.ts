/** Finite width: 6.5, E9, the engine's gradients against the formula, the factor against the Gram matrix, streaming. */
import { describe, expect, it } from "vitest";
import { activationNamed } from "../../../src/analysis/spectra/activations.ts";
import { deepNetwork } from "../../../src/analysis/spectra/deep-network.ts";
import { eigenvalues, factoredEigenvalues } from "../../../src/analysis/spectra/eigenvalues.ts";
import { blockUnits, FeatureStream } from "../../../src/analysis/spectra/features.ts";
import { infiniteGram } from "../../../src/analysis/spectra/infinite.ts";
import { singularValues } from "../../../src/analysis/spectra/jacobi.ts";
import { halfCircle, hypercube, type Points, row, sphere } from "../../../src/analysis/spectra/points.ts";
import { measureSpectrum } from "../../../src/analysis/spectra/report.ts";
import { tangentKernel } from "../../../src/analysis/spectra/tangent-kernel.ts";
import { allSigns, gaussianWeights, givenWeights } from "../../../src/analysis/spectra/weights.ts";
import { exactWidthGram, factorColumns, widthGram } from "../../../src/analysis/spectra/width.ts";
import { convention } from "../../../src/conventions/convention.ts";
import { formatNamed } from "../../../src/formats/index.ts";
import { trace } from "../../../src/ir/trace.ts";
import { matmul, mul } from "../../../src/ops/index.ts";

const relu = activationNamed("relu");
const under = (alpha: number) => ({ convention: convention("pytorch-1.13", { "relu.zero": alpha }) });

describe("6.5: two units, one pre-activation exactly 0", () => {
  const points: Points = { name: "two", n: 2, d: 2, rows: Float64Array.of(1, 0, 0.6, 0.8) };
  const weights = givenWeights(Float64Array.of(1, 0, 0, 1), Float64Array.of(1, 2));
  it.each([
    [0, [0.5, 0.3, 2.5], [0.45596935, 2.54403065]],
    [0.5, [1, 0.9, 2.5], [0.57846255, 2.92153745]],
    [1, [2.5, 1.5, 2.5], [1, 4]],
  ])("alpha = %d", (alpha, entries, expected) => {
    const gram = widthGram({ activation: relu, points, weights }, under(alpha));
    expect([gram.high[0], gram.high[1], gram.high[3]]).toEqual(entries.map((x) => expect.closeTo(x, 14)));
    expect([...eigenvalues(gram).values]).toEqual(expected.map((x) => expect.closeTo(x, 8)));
    expect(gram.zeroShare).toBe(1 / 4);
  });
});

describe("E9: all Rademacher weights on the hypercube, d = 4", () => {
  it.each([
    [0, [1 / 8, 1 / 4, 1 / 4, 1 / 4, 3 / 8, 3 / 8, 3 / 8, 1 / 2]],
    [0.5, [1 / 32, 5 / 32, 5 / 32, 5 / 32, 21 / 32, 21 / 32, 21 / 32, 25 / 32]],
    [1, [1 / 8, 1 / 4, 1 / 4, 1 / 4, 9 / 8, 9 / 8, 9 / 8, 5 / 4]],
    [2, [7 / 8, 1, 1, 1, 21 / 8, 21 / 8, 21 / 8, 11 / 4]],
    [-1, [3 / 8, 3 / 8, 3 / 8, 1 / 2, 7 / 8, 1, 1, 1]],
  ])("alpha = %d", (alpha, expected) => {
    const gram = widthGram({ activation: relu, points: hypercube(4), weights: allSigns(4) }, under(alpha));
    expect([...eigenvalues(gram).values]).toEqual(expected.map((x) => expect.closeTo(x, 13)));
    expect(gram.zeroShare).toBe(0.375);
  });
});

it.each([
  [6, 20 / 64],
  [10, 252 / 1024],
])("E9: with entries of -1 and 1 the share of zeros is C(d, d/2) / 2^d exactly, d = %d", (d, share) => {
  const points = hypercube(d);
  const signs = { ...points, rows: points.rows.map(Math.sign), raw: true };
  const layer = { activation: relu, points: signs, factors: points, weights: allSigns(d) };
  expect(widthGram(layer).zeroShare).toBe(share);
});

describe.each(["relu", "elu", "selu", "tanh", "swish:2", "poly:0,1,0.5"])("%s", (name) => {
  const activation = activationNamed(name);
  const points = halfCircle(8);

  it("the engine's gradients give the matrix of the formula", () => {
    const m = 64;
    const weights = gaussianWeights(m, 2, 5);
    const w = new Float64Array(2 * m);
    weights.fill(w, 0, m);
    const a = Float64Array.from({ length: m }, (_, k) => weights.output(k));
    const program = trace(
      (t) => ({ f: mul(matmul(activation.apply(matmul(t.x, t.w, { transposeB: true })), t.a), 1 / Math.sqrt(m)) }),
      { x: [8, 2], w: [m, 2], a: [m] },
    );
    const kernel = tangentKernel(program, { wrt: ["w"], inputs: { x: points.rows, w, a }, output: "f" });
    const formula = widthGram({ activation, points, weights });
    kernel.high.forEach((entry, i) => {
      expect(Math.abs(entry - formula.high[i])).toBeLessThan(1e-13 * formula.high[0]);
    });
  });

  it("the factor's singular values are the roots of the eigenvalues, exactly summed", () => {
    const layer = { activation, points, weights: gaussianWeights(300, 2, 2) };
    const fine = factoredEigenvalues(exactWidthGram(layer));
    const sigma = [...singularValues(factorColumns(layer))].reverse();
    // The factor is rounded: singular values move by 2^-53 of the largest.
    const slip = 64 * 2 ** -53 * sigma[7];
    sigma.forEach((s, i) => {
      expect(Math.abs(s * s - fine.values[i])).toBeLessThan(2 * s * slip + slip * slip + fine.errors[i]);
    });
    const coarse = eigenvalues(widthGram(layer));
    coarse.values.forEach((value, i) => {
      expect(Math.abs(value - fine.values[i])).toBeLessThan(coarse.errors[i] + fine.errors[i]);
    });
  });

  it("converges to the infinite width", () => {
    const points3 = sphere(6, 3, 1);
    const limit = infiniteGram(points3, activation).high;
    const wide = widthGram({ activation, points: points3, weights: gaussianWeights(40_000, 3) }).high;
    limit.forEach((entry, i) => {
      expect(Math.abs(wide[i] - entry)).toBeLessThan(0.06 * limit[0]);
    });
  });
});

describe("streams", () => {
  it("a wider network keeps the narrower one's units, and blocks change nothing but the last bits", () => {
    const [a, b] = [new Float64Array(6), new Float64Array(4)];
    gaussianWeights(10, 2).fill(a, 4, 3);
    gaussianWeights(10_000, 2).fill(b, 5, 2);
    expect([...b]).toEqual([...a.subarray(2)]);
  });
  it("memory does not depend on the width", () => {
    const [narrow, wide] = [100, 1_000_000].map((m) => {
      const stream = new FeatureStream({ activation: relu, points: halfCircle(50), weights: gaussianWeights(m, 2) });
      stream.dispose();
      return stream.bytes;
    });
    expect(wide).toBe(narrow);
    expect(wide).toBeLessThan(16 * 2 ** 20);
  });
  it("leftover rows of the last block count nowhere", () => {
    for (const m of [1, blockUnits - 1, blockUnits, blockUnits + 1]) {
      const gram = widthGram({ activation: relu, points: halfCircle(3), weights: gaussianWeights(m, 2) });
      expect(gram.zeroShare).toBe(0);
      expect(gram.high[0]).toBeGreaterThanOrEqual(0);
    }
  });
  it("rank is at most m d: fewer features than points leave exact zeros unresolved", () => {
    const layer = { activation: relu, points: halfCircle(12), weights: gaussianWeights(4, 2) };
    const { values, errors } = factoredEigenvalues(exactWidthGram(layer));
    expect(values.filter((value, i) => value > errors[i]).length).toBeLessThanOrEqual(8);
  });
});

describe("depth", () => {
  it("the tangent kernel of a wide deep network is near the recursion's", () => {
    const points = sphere(4, 3, 2);
    const options = { depth: 2, normalization: "centred", layers: "all" } as const;
    const { program, inputs, parameters } = deepNetwork(points, activationNamed("tanh"), 600, 2, "centred");
    const wide = tangentKernel(program, { wrt: parameters, inputs, output: "f" }).high;
    const limit = infiniteGram(points, activationNamed("tanh"), options).high;
    limit.forEach((entry, i) => {
      expect(Math.abs(wide[i] - entry)).toBeLessThan(0.35 * limit[0]);
    });
    expect(row(points, 0)).toHaveLength(3);
  });
});

describe("formats (E10)", () => {
  const ask = (name: string, format: string, mode: "G" | "J" | "W") =>
    measureSpectrum({
      activation: activationNamed(name),
      points: halfCircle(20),
      width: 4000,
      format: formatNamed(format),
      mode,
    });
  it("mode G is not positive in float16 for smooth activations; mode J is, at its noise floor", () => {
    expect(ask("tanh", "float16", "G").lambdaMin).toBeLessThan(0);
    const { lambdaMin, predictedFloor, resolved } = ask("tanh", "float8_e4m3", "J");
    expect(resolved[0]).toBe(true);
    expect(lambdaMin / predictedFloor).toBeGreaterThan(0.3);
    expect(lambdaMin / predictedFloor).toBeLessThan(3);
  });
  it("float64 rounds nothing", () => {
    const plain = measureSpectrum({ activation: relu, points: halfCircle(20), width: 4000 });
    for (const mode of ["G", "J", "W"] as const) {
      expect(ask("relu", "float64", mode).lambdaMin / plain.lambdaMin).toBeCloseTo(1, 9);
    }
  });
  it("stochastic rounding is a function of the seed, and differs from nearest", () => {
    const stochastic = (seed: number) =>
      measureSpectrum({
        ...{ activation: relu, points: halfCircle(6), width: 100, mode: "J", rounding: "stochastic", seed },
        format: formatNamed("float8_e4m3"),
      } as Parameters<typeof measureSpectrum>[0]).lambdaMin;
    expect(stochastic(1)).toBe(stochastic(1));
    expect(stochastic(1)).not.toBe(stochastic(2));
  });
});
