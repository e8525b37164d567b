/** Inputs, windows, whole reports, and the formats' measurements. */
import { describe, expect, test } from "vitest";
import { BlockBackward } from "../../../src/analysis/propagation/block-backward.ts";
import { drawInputs, inputNamed } from "../../../src/analysis/propagation/inputs.ts";
import { KinkChange } from "../../../src/analysis/propagation/kink-change.ts";
import { type DeepNetwork, deepNetwork, drawWeights, fillNormal } from "../../../src/analysis/propagation/network.ts";
import { meanRate, meanRates, windowOf } from "../../../src/analysis/propagation/rate.ts";
import { measurePropagation, type PropagationRequest } from "../../../src/analysis/propagation/report.ts";
import { drawTop, topGradientNamed } from "../../../src/analysis/propagation/top.ts";
import { gradient } from "../../../src/autodiff/gradient.ts";
import { stream } from "../../../src/base/random.ts";
import { compile } from "../../../src/compile.ts";
import { precision } from "../../../src/formats/index.ts";
import { networkNamed } from "../../../src/nn/index.ts";

const draw = (text: string, batch: number, shape: readonly number[]): Float64Array =>
  drawInputs(inputNamed(text), { batch, shape, seed: 1 });

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum);
}

const mean = (values: ArrayLike<number>, f: (x: number, i: number) => number): number =>
  Array.from(values).reduce((sum, x, i) => sum + f(x, i), 0) / values.length;

describe("inputs", () => {
  test("clusters: correlation within, none between; a common part of all", () => {
    const [batch, size] = [8, 4000];
    const x = draw("clusters:4:0.9", batch, [size]);
    const cosine = (i: number, j: number): number =>
      mean(x.subarray(i * size, (i + 1) * size), (a, k) => a * x[j * size + k]);
    expect(cosine(0, 4)).toBeCloseTo(0.9, 1);
    expect(Math.abs(cosine(0, 1))).toBeLessThan(0.06);
    expect(cosine(0, 0)).toBeCloseTo(1, 1);
    const common = draw("uniform:1", 3, [5]);
    expect([...common.subarray(0, 5)]).toEqual([...common.subarray(10)]);
  });
  test("low rank: any three samples of rank 2 are dependent; variance 1", () => {
    const [a, b, c] = [0, 1, 2].map((i) => draw("lowrank:2", 3, [3]).subarray(3 * i, 3 * i + 3));
    const determinant =
      a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
    expect(Math.abs(determinant)).toBeLessThan(1e-12);
    expect(mean(draw("lowrank:16", 400, [200]), (x) => x * x)).toBeCloseTo(1, 1);
  });
  test("smooth maps: variance 1, neighbours alike", () => {
    const x = draw("smooth:8", 4, [2, 8, 8]);
    expect(mean(x, (value) => value * value)).toBeCloseTo(1, 12);
    expect(mean(x, (value, i) => value * x[i - (i % 8) + ((i + 1) % 8)])).toBeGreaterThan(0.85);
  });
});

describe("windows and rates", () => {
  test("of 50 layers, and clipped to inner layers of 6", () => {
    expect((["first", "middle", "last", "weights"] as const).map((name) => windowOf(name, 50))).toEqual([
      [1, 9],
      [20, 29],
      [40, 48],
      [1, 48],
    ]);
    expect((["first", "middle", "last", "weights"] as const).map((name) => windowOf(name, 6))).toEqual([
      [1, 5],
      [1, 5],
      [1, 4],
      [1, 4],
    ]);
  });
  test("geometric means; none of an empty window; no spread of one network", () => {
    expect(meanRate([16, 8, 4, 2], [0, 3])).toBeCloseTo(2, 14);
    expect(meanRate([16], [0, 0])).toBeNull();
    const rates = (first: number) => ({ first, middle: first, last: null, weights: first });
    expect(meanRates([rates(2)])).toMatchObject({ first: 2, last: null, sd: null });
    const both = meanRates([rates(2), rates(8)]);
    expect(both.first).toBeCloseTo(4, 12);
    expect(both.sd?.first).toBeCloseTo(Math.sqrt(18), 12);
  });
});

const request: PropagationRequest = {
  model: "mlp",
  depth: 6,
  width: 24,
  batch: 24,
  activation: "relu",
  norm: { eps: 0 },
  order: "norm-act",
  residual: "none",
  inputs: { kind: "gaussian" },
  gamma: 1,
  beta: 0,
  precision: precision("float64"),
  backend: "js",
  seed: 0,
  seeds: 2,
};

describe("reports", () => {
  test("a common part of all inputs changes nothing but dH of the first layer", () => {
    const [plain, common] = ["gaussian", "uniform:0.9"].map((input) =>
      measurePropagation({ ...request, seeds: 1, inputs: inputNamed(input) }),
    );
    plain.layers.forEach((row, i) => {
      const other = common.layers[i];
      expect((other.weightGradient as number) / (row.weightGradient as number)).toBeCloseTo(1, 11);
      expect(other.signal / row.signal).toBeCloseTo(i === 0 ? 1 / Math.sqrt(0.1) : 1, 10);
    });
  });
  test("gamma scales nothing but itself: rates as with gamma 1", () => {
    const [one, tenth] = [1, 0.1].map((gamma) => measurePropagation({ ...request, gamma }));
    expect(tenth.rate.first).toBeCloseTo(one.rate.first as number, 10);
    expect(tenth.layers[2].affine).toBeCloseTo(0.01, 12);
  });
  test("float16 keeps the rate of its own numbers", () => {
    const [wide, narrow] = ["float64", "float16"].map((format) =>
      measurePropagation({ ...request, precision: precision(format) }),
    );
    expect(Math.abs((narrow.rate.first as number) / (wide.rate.first as number) - 1)).toBeLessThan(0.02);
  });
  test("frozen statistics: the same forward, nothing projected away, the rate without the projection", () => {
    const [exact, frozen] = [{ eps: 0 }, { eps: 0, frozen: true }].map((norm) =>
      measurePropagation({ ...request, norm }),
    );
    frozen.layers.forEach((row, i) => {
      expect(row.projection).toBeCloseTo(1, 12);
      for (const name of ["alignment", "cosine", "participation"] as const)
        expect(row[name]).toBe(exact.layers[i][name]);
    });
    expect(frozen.theory.rate as number).toBeGreaterThan(exact.theory.rate as number);
    expect(frozen.theory.source).toBe("2.5 without the projection, exact at batch 24");
    expect(measurePropagation({ ...request, batch: 2, norm: { eps: 0, frozen: true } }).warnings).toEqual([]);
  });
  test("a top gradient of clusters repeats; of one cluster per sample it is the random one", () => {
    const top = drawTop(topGradientNamed("clusters:3"), 40, 8, 1, 1);
    for (let i = 0; i < 40; i++) expect(top[i]).toBe(top[i % 15]);
    const random = drawTop(topGradientNamed("random"), 40, 8, 1, 1);
    expect(drawTop(topGradientNamed("clusters:8"), 40, 8, 1, 1)).toEqual(random);
    expect(drawTop(topGradientNamed("clusters:99"), 40, 8, 1, 1)).toEqual(random);
    expect([...top.subarray(0, 15)]).toEqual([...random.subarray(0, 15)]);
  });
  test("the loss on top: the gradients of a training's first step; strides and pools are said", () => {
    const lossy = {
      ...request,
      model: "resnet18-2x2",
      batch: 2,
      norm: {},
      precision: precision("float32"),
      backend: "auto",
    };
    const { layers } = measurePropagation({ ...lossy, seeds: 1, topGradient: { kind: "loss" } });
    const network = networkNamed("resnet18-2x2-bn");
    const step = gradient(network.loss(2), undefined, { of: "loss", wrt: network.parameters.map(({ name }) => name) });
    const engine = compile({ step }, { precision: "float32" });
    drawWeights(network.parameters, 0, {}, (name, values) => engine.write(name, values));
    engine.write("x", drawInputs({ kind: "gaussian" }, { batch: 2, shape: network.input, seed: 0 }));
    const labels = stream(0, "propagation/labels");
    engine.write("labels", [labels.integer(10), labels.integer(10)]);
    engine.run("step");
    const weighted = layers.filter(({ weight }) => weight !== null);
    for (const { name, weightGradient } of weighted) {
      const own = norm(engine.buffer(`d:${name}.weight`));
      expect((weightGradient as number) / own).toBeCloseTo(1, 4);
    }
    expect(layers.filter(({ kind, stride }) => kind === "residual" && stride === 2)).toHaveLength(3);
    expect(layers.at(-1)).toMatchObject({ kind: "linear", stride: null });
    expect(() => measurePropagation({ ...request, topGradient: { kind: "loss" } })).toThrow(/mlp has no classifier/);
  });
  test("an abort is an abort", () => {
    const controller = new AbortController();
    controller.abort();
    expect(() => measurePropagation({ ...request, signal: controller.signal })).toThrow(/abort/i);
  });
});

const net: DeepNetwork = {
  kind: "mlp",
  depth: 3,
  width: 16,
  activation: "relu",
  norm: { eps: 0, form: "rounded-mean" },
  order: "norm-act",
  residual: "none",
};

test("zeros at the kink and what ReLU'(0) does with them", () => {
  const traced = deepNetwork(net, 32);
  const change = new KinkChange(traced, "float8_e5m2", "js");
  const data: Record<string, Float64Array> = { x: draw("gaussian", 32, [16]) };
  drawWeights(traced.parameters, 0, {}, (name, values) => {
    data[name] = values;
  });
  const { zeros, values } = change.load(data);
  expect(values).toBe(512);
  expect(zeros).toHaveLength(3);
  expect(zeros[1] + zeros[2]).toBeGreaterThan(0);
  const gradient = draw("gaussian", 32, [16]);
  const [none, half, one] = change.changes(gradient, [0, 0.5, 1]);
  expect(none).toBe(0);
  expect(one).toBeGreaterThan(half);
  change.dispose();
});

describe("loss scales per layer", () => {
  const setUp = (format: string): { block: BlockBackward; gradient: Float64Array } => {
    const block = new BlockBackward({ ...net, norm: { eps: 0 } }, 32, format, "js");
    const weights = [0, 1, 2].map((i) => {
      const w = new Float64Array(256);
      fillNormal(w, stream(i, "w"), Math.sqrt(2 / 16));
      return w;
    });
    block.load(draw("gaussian", 32, [16]), weights);
    return { block, gradient: draw("gaussian", 32, [16]) };
  };
  test("powers of two move no bit within range: float32 scaled up and down is float32", () => {
    const { block, gradient } = setUp("float32");
    const exact = block.exact(gradient);
    const [plain, scaled] = [() => 1, (below: number) => 2 ** (10 - 7 * below)].map((by) =>
      block.scaled(gradient, by, exact),
    );
    expect(scaled).toEqual(plain);
    for (const { error, finite } of plain) {
      expect(error).toBeLessThan(1e-5);
      expect(finite).toBe(true);
    }
    block.dispose();
  });
  test("a scale beyond float16 is not finite, one below it is all zeros", () => {
    const { block, gradient } = setUp("float16");
    const exact = block.exact(gradient);
    expect(block.scaled(gradient, () => 2 ** 20, exact).some(({ finite }) => !finite)).toBe(true);
    expect(block.scaled(gradient, () => 2 ** -40, exact)[0]).toMatchObject({ error: 1, underflow: 1 });
    block.dispose();
  });
});
