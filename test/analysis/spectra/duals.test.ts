/** Section 6.1, 6.2, 6.4 of papers/activations, and laws that need no table. */
import { describe, expect, it } from "vitest";
import { activationNamed } from "../../../src/analysis/spectra/activations.ts";
import { dualOf } from "../../../src/analysis/spectra/dual.ts";
import { fourierCoefficients, fromFourier, gramCoefficients } from "../../../src/analysis/spectra/fourier.ts";
import { hermiteExpansion } from "../../../src/analysis/spectra/hermite.ts";
import { ActivationValues } from "../../../src/analysis/spectra/values.ts";
import { angleBetween, angleOf, cosPi, sinPi } from "../../../src/base/angles.ts";
import { gram, hermite, kernels, moments } from "./vectors.ts";

const angle = (rho: number): number => angleOf(Math.sqrt((1 - rho) * (1 + rho)), rho);

describe("angles", () => {
  it("agree with the platform's functions to two units in the last place, and are exact at quarter turns", () => {
    for (let i = -400; i <= 400; i++) {
      const x = i / 97;
      expect(Math.abs(sinPi(x) - Math.sin(Math.PI * x))).toBeLessThan(1e-14);
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(1e-14);
    }
    expect([sinPi(0), sinPi(0.5), sinPi(1), sinPi(1.5), cosPi(0.5), cosPi(1)]).toEqual([0, 1, -0, -1, -0, -1]);
    for (const t of [0, 1e-9, 0.1, 1, 1.5, 2, 3, Math.PI]) {
      expect(angleOf(Math.sin(t), Math.cos(t))).toBeCloseTo(t, 15);
    }
  });

  it("see close and opposite vectors apart (flaw F14)", () => {
    const [x, t] = [[1, 0], 1e-9];
    expect(angleBetween(x, [Math.cos(t), Math.sin(t)])).toBeCloseTo(t, 20);
    expect(Math.PI - angleBetween(x, [-Math.cos(t), Math.sin(t)])).toBeCloseTo(t, 15);
  });
});

describe.each(Object.keys(hermite))("Hermite coefficients of %s", (name) => {
  it("are those of 6.1", () => {
    const { slope, value } = hermiteExpansion(activationNamed(name), 40);
    for (const [k, c] of hermite[name].entries()) expect(slope[k]).toBeCloseTo(c, 12);
    expect(value[0]).toBeCloseTo(moments[name][0], 12);
    // The k-th coefficient of phi' is sqrt(k + 1) times the (k + 1)-th of phi.
    for (let k = 0; k < 39; k++) expect(slope[k]).toBeCloseTo(Math.sqrt(k + 1) * value[k + 1], 11);
  });
});

describe.each(Object.keys(kernels))("dual kernel of %s", (name) => {
  const activation = activationNamed(name);
  const dual = dualOf(activation);
  it("has the values of 6.2", () => {
    [0, 0.5, 0.9, 1].forEach((rho, i) => {
      expect(dual.slope(angle(rho))).toBeCloseTo(kernels[name][i], 11);
    });
    if (Object.hasOwn(moments, name)) expect(dual.value(0)).toBeCloseTo(moments[name][1], 12);
  });
  it("agrees with plain quadrature over phi' by the engine, within what a kink allows", () => {
    const values = new ActivationValues(activation);
    const [steps, reach] = [400, 8];
    const h = (2 * reach) / steps;
    const z = Float64Array.from({ length: steps }, (_, i) => -reach + (i + 0.5) * h);
    const density = z.map((x) => (h * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI));
    const rho = 0.6;
    let sum = 0;
    z.forEach((u, i) => {
      const v = values.slope(z.map((e) => rho * u + Math.sqrt(1 - rho * rho) * e));
      const slope = values.slope(Float64Array.of(u))[0];
      v.forEach((value, j) => {
        sum += density[i] * density[j] * slope * value;
      });
    });
    values.dispose();
    const digits = activation.smoothness.kind === "kink" ? 3 : 10;
    expect(dual.slope(angle(rho))).toBeCloseTo(sum, digits);
  });
});

describe.each(Object.keys(gram))("circle coefficients of %s", (name) => {
  it("are those of 6.4, and sum up to H(1)", () => {
    const q = fourierCoefficients(activationNamed(name));
    const g = gramCoefficients(q);
    gram[name].forEach((value, l) => {
      expect(Math.abs(g[l] - value)).toBeLessThan(6e-12 * Math.max(value, 1e-6));
    });
    expect(2 * g.reduce((a, b) => a + b, 0) - g[0]).toBeCloseTo(fromFourier(q, 0), 14);
  });
});

describe("identities", () => {
  it("leaky(s) = s + (1 - s)^2 relu, for every angle", () => {
    const [leaky, relu] = ["leakyRelu:0.3", "relu"].map((name) => dualOf(activationNamed(name)));
    for (const t of [0, 0.2, 1, 2, Math.PI]) expect(leaky.slope(t)).toBeCloseTo(0.3 + 0.49 * relu.slope(t), 15);
  });
  it("erf in closed form is its Fourier series, at any scale", () => {
    const erf = activationNamed("erf");
    const series = { ...erf };
    for (const s of [1, Math.SQRT2]) {
      const q = fourierCoefficients(series, s);
      for (const t of [0, 0.5, 1.5, 3]) expect(fromFourier(q, t)).toBeCloseTo(dualOf(erf, s).slope(t), 14);
    }
  });
  it("the dual of phi: arc-cosine for relu, arcsine for erf", () => {
    for (const t of [0, 0.3, 1, 2, 3]) {
      const rho = Math.cos(t);
      const relu = (Math.sin(t) + (Math.PI - t) * rho) / (2 * Math.PI);
      expect(dualOf(activationNamed("relu")).value(t)).toBeCloseTo(relu, 14);
      expect(dualOf(activationNamed("erf")).value(t)).toBeCloseTo((2 / Math.PI) * Math.asin((2 * rho) / 3), 14);
    }
  });
  it("the softplus of slope 64 is relu to within its own width", () => {
    const [steep, relu] = ["softplus:64", "relu"].map((name) => dualOf(activationNamed(name)));
    for (const t of [0.5, 1, 2]) expect(Math.abs(steep.slope(t) - relu.slope(t))).toBeLessThan(1e-3);
    expect(steep.slope(0)).toBeLessThan(relu.slope(0));
  });
});

describe("activation names", () => {
  it.each([
    ["rleu", "unknown activation 'rleu'; did you mean relu?"],
    ["relu:1", "relu takes no parameter"],
    ["elu:1,2", "elu takes one parameter (alpha)"],
    ["swish:x", "expected numbers after the colon"],
    ["swish:-1", "beta is -1, expected a positive number"],
    ["poly:5", "expected degree 1 or more"],
    ["poly:5,0", "expected degree 1 or more"],
    ["poly", "expected degree 1 or more"],
  ])("%s: %s", (name, message) => {
    expect(() => activationNamed(name)).toThrow(message);
  });
});
