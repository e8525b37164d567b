/** Closed forms against the tables of papers/bn-relu 2.4, 2.5, 6.4, E5, E10, E11. */
import { describe, expect, test } from "vitest";
import { centredSquaredRate, decorrelation, momentsOf } from "../../../src/analysis/propagation/theory/activation.ts";
import {
  kappa,
  positivePair,
  rateActNorm,
  reluSquaredRate,
  squaredRateFrozen,
  squaredRateLinear,
  squaredRateNormAct,
} from "../../../src/analysis/propagation/theory/batch.ts";
import {
  kinkChange,
  layerScale,
  meanBinade,
  overflowDepth,
  zeroDensity,
} from "../../../src/analysis/propagation/theory/formats.ts";
import { theoryRate } from "../../../src/analysis/propagation/theory/rate.ts";
import { residualExponent, residualGrowth } from "../../../src/analysis/propagation/theory/residual.ts";
import { activationNamed } from "../../../src/analysis/spectra/activations.ts";
import { formatNamed } from "../../../src/formats/index.ts";

/** The value, given to `digits` significant digits. */
const near = (found: number, expected: number, digits = 12): void => {
  expect(Math.abs(found / expected - 1)).toBeLessThan(0.51 * 10 ** (1 - digits));
};

test("constants of 6.4", () => {
  near(reluSquaredRate, 1.46694220692426);
  near(Math.sqrt(reluSquaredRate), 1.21117389623632);
  near(kappa(-1 / 63), 0.155206, 6);
  near(positivePair(-1 / 63), 0.247474, 6);
});

describe("finite batch, norm before activation (2.5)", () => {
  test.each([
    [4, 3.08406094808773],
    [5, 2.27370664819316],
    [6, 2.00377862443705],
    [8, 1.78818997665875],
    [12, 1.64489353708723],
    [16, 1.58995041676517],
    [32, 1.52195283055188],
    [64, 1.4930629378036],
    [128, 1.47968127232247],
    [256, 1.47323426309579],
    [512, 1.47006920728461],
    [1024, 1.46850099197333],
    [4096, 1.46733102362121],
  ])("batch %i", (batch, squared) => near(squaredRateNormAct(batch), squared));
  test("2, 3 and 1 samples; the linear net; the large batch", () => {
    expect([2, 3].map(squaredRateNormAct)).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(() => squaredRateNormAct(1)).toThrow(/2 samples or more/);
    // The projection keeps .9954 of the square at 256 (papers/bn-relu E1); batches below 4 diverge.
    near(squaredRateNormAct(256) / squaredRateFrozen(256), 0.9954, 4);
    expect([2, 3].map(squaredRateFrozen)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    near(squaredRateFrozen(2 ** 26), reluSquaredRate, 7);
    near(Math.sqrt(squaredRateLinear(64)), 1.00816340076);
    near(squaredRateNormAct(2 ** 26), reluSquaredRate, 8);
  });
});

describe("finite batch, activation before norm (2.5): Monte Carlo within its error and the table's .0005", () => {
  test.each([
    [16, 1.2953],
    [64, 1.2304],
    [256, 1.2158],
    [512, 1.2131],
  ])("batch %i", (batch, rate) => {
    const { value, error } = rateActNorm(batch);
    expect(error).toBeLessThan(1e-3);
    expect(Math.abs(value - rate)).toBeLessThan(5e-4 + 3 * error);
  });
});

describe("activations (E5)", () => {
  test.each([
    ["relu", 0.340845056908, 0.5, 1.466942206924, 0.7334711, 1],
    ["leakyRelu:0.01", 0.344062240276, 0.50005, 1.453370761056, 0.7412176, 1],
    ["leakyRelu:0.2", 0.418140836421, 0.52, 1.243600133512, 0.8609539, 1],
    ["leakyRelu:0.5", 0.585211264227, 0.625, 1.06799037921, 0.9611913, 1],
    ["elu", 0.619178563372, 0.668102001223, 1.07901345548, 0.9367273, 0.8602],
    ["selu", 1, 1.07157499246, 1.071574992456, 0.9706804, 0.7826],
    ["tanh", 0.394294490398, 0.464402902448, 1.177807232304, 0.93047, 0.4611],
    ["erf", 0.464559054398, 0.569410034734, 1.225700003786, 0.9135828, 0.4086],
    ["sigmoid", 0.043379035858, 0.04483624135, 1.03359239004, 0.9841672, 0.7192],
    ["softplus", 0.271514501801, 0.293379035858, 1.080528052507, 0.9207611, 1.0561],
    ["gelu", 0.345644011024, 0.455850865649, 1.318844970866, 0.7232875, 1.0621],
    ["silu", 0.313083296994, 0.379482351633, 1.212081114757, 0.7985095, 1.1009],
    ["mish", 0.39454816283, 0.479083758374, 1.214259255289, 0.805507, 1.001],
  ])("%s", (name, variance, slopeSquare, squared, dec, norm) => {
    const moments = momentsOf(activationNamed(name));
    expect(moments.error).toBeLessThan(1e-13);
    near(moments.variance, variance, 11);
    near(moments.slopeSquare, slopeSquare, 11);
    near(centredSquaredRate(moments), squared, 11);
    near(decorrelation(moments), dec, 6);
    expect(moments.norm).toBeCloseTo(norm, 3);
  });
  test("abs and the squared ReLU", () => {
    near(centredSquaredRate(momentsOf(activationNamed("abs"))), 2.751938393884);
    near(centredSquaredRate(momentsOf(activationNamed("relu2"))), 1.6);
  });
  test("leaky ReLU has a closed form", () => {
    for (const a of [0.01, 0.1, 0.2, 0.5, 2]) {
      const closed = (1 + a * a) / (1 + a * a - (1 - a) ** 2 / Math.PI);
      near(centredSquaredRate(momentsOf(activationNamed(`leakyRelu:${a}`))), closed, 13);
    }
  });
  test.each([
    [-2, 1.998402],
    [-1, 1.523016],
    [-0.5, 1.345153],
    [-0.1, 1.23456],
    [0.1, 1.189421],
    [0.5, 1.11776],
    [1, 1.05838],
    [2, 1.008841],
    [3, 1.000575],
  ])("ReLU shifted by beta / gamma = %d, whatever gamma", (shift, rate) => {
    for (const gamma of [1, 0.25]) {
      near(Math.sqrt(centredSquaredRate(momentsOf(activationNamed("relu"), gamma, shift * gamma))), rate, 6);
    }
  });
});

test("residual nets (E10)", () => {
  const table = [
    [8, 3.62899518, 5.76924821],
    [16, 5.64257958, 10.8487313],
    [32, 9.04960361, 21.4881496],
    [64, 14.767156, 43.8434344],
  ];
  for (const [blocks, one, two] of table) {
    near(residualGrowth(blocks, 1), one, 9);
    near(residualGrowth(blocks, 2), two, 9);
  }
  near(residualExponent(1), 0.733471, 6);
  near(residualExponent(2), 1.07596, 6);
});

describe("formats (E11)", () => {
  test("overflow depth", () => {
    const table: [string, number][] = [
      ["float8_e4m3", 31.86],
      ["float8_e5m2", 57.19],
      ["float16", 57.88],
      ["bfloat16", 463.07],
      ["float32", 463.09],
      ["float64", 3704.7],
    ];
    for (const [format, depth] of table) expect(overflowDepth(formatNamed(format))).toBeCloseTo(depth, 1);
    expect(overflowDepth(formatNamed("float16"), { peak: 4.9 })).toBeCloseTo(49.6, 1);
  });
  test("density of exact zeros, and what ReLU'(0) = 1 does with them", () => {
    near(meanBinade(Math.sqrt(1 / Math.PI)), 0.325001, 6);
    near(zeroDensity(formatNamed("float16")), 1.5336e-4, 5);
    near(zeroDensity(formatNamed("bfloat16")), 1.2268e-3, 4);
    near(zeroDensity(formatNamed("float32")), 1.872e-8, 4);
    near(kinkChange(1, 1.5926e-4, 50), 0.1262, 4);
  });
  test("loss scales per layer are powers of two", () => {
    expect(layerScale(0)).toBe(1);
    expect(layerScale(12)).toBe(2 ** -3);
    expect(layerScale(100)).toBe(2 ** -28);
  });
});

test("which law a network has", () => {
  const net = {
    kind: "mlp",
    depth: 8,
    width: 64,
    activation: "relu",
    norm: { eps: 0 },
    order: "norm-act",
    residual: "none",
  } as const;
  const rate = (change: object, batch = 64): number | null => theoryRate({ ...net, ...change }, batch).rate;
  expect(rate({})).toBeCloseTo(1.22190954567169, 12);
  expect(rate({ norm: undefined })).toBe(1);
  // T3: beyond eps = (1 - 1/pi) gamma^2 the signal dies.
  const small = (gamma: number): number => theoryRate({ ...net, norm: { eps: 1e-5 } }, 64, gamma).rate as number;
  expect(small(0.003)).toBeCloseTo(0.9487, 4);
  expect(small(0.005)).toBeCloseTo(1.2219, 4);
  expect(rate({ norm: { kind: "layer" } })).toBeCloseTo(1, 12);
  expect(rate({ norm: { kind: "layer" }, order: "act-norm" })).toBeCloseTo(1.21117389623632, 12);
  expect(rate({ norm: { kind: "rms" }, order: "act-norm" })).toBeCloseTo(1, 12);
  expect(rate({ norm: { kind: "group", groups: 2 } })).toBeNull();
  expect(rate({ residual: "pre1" })).toBeCloseTo(3.62899518 ** (1 / 8), 8);
  expect(rate({ residual: "post2" })).toBeNull();
  expect(rate({ activation: "linear" })).toBeCloseTo(1.00816340076, 11);
});
