/** Ghost batches: bit for bit what batch norm makes of each part; the whole batch as one ghost is plain batch norm. */
import { describe, expect, test } from "vitest";
import { measurePropagation } from "../../src/analysis/propagation/report.ts";
import { squaredRateNormAct } from "../../src/analysis/propagation/theory/batch.ts";
import { joinedPullback } from "../../src/autodiff/index.ts";
import { stream } from "../../src/base/random.ts";
import { convention } from "../../src/conventions/index.ts";
import { precision } from "../../src/formats/index.ts";
import { trace } from "../../src/ir/trace.ts";
import { networkNamed } from "../../src/nn/index.ts";
import { type BatchNormForm, batchNormForms, type NormSpec, normalize, normNamed } from "../../src/nn/norms.ts";
import { relu } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

const shapes: readonly (readonly number[])[] = [
  [12, 5],
  [12, 3, 2, 2],
];

const normals = (name: string, count: number): number[] => {
  const draws = stream(7, name);
  return Array.from({ length: count }, () => Math.fround(draws.normal()));
};

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** z = batchNorm(x) with beta 0, relu(z) and its gradients. */
function normed(spec: NormSpec, shape: readonly number[], x: readonly number[], g: readonly number[]) {
  const channels = shape[1];
  const program = trace(
    ({ x: input, gamma, beta }) => {
      const { y, statistics } = normalize(input, gamma, beta, spec);
      return { y: relu(y), z: y, ...statistics };
    },
    { x: shape, gamma: [channels], beta: [channels] },
  );
  const kept = { ...program, outputs: program.outputs.filter(({ name }) => name === "y") };
  const pulled = joinedPullback(kept, convention("pytorch-1.13", { "relu.zero": 0.5 }));
  const inputs = { x, gamma: normals("gamma", channels), beta: new Array<number>(channels).fill(0) };
  return { ...evaluate(program, inputs), ...evaluate(pulled, { ...inputs, "d:y": g }) };
}

describe.each(shapes.map((shape) => [shape] as const))("x %j", (shape) => {
  const size = sizeOf(shape);
  // Small whole numbers: some of them are their mean, on the kink.
  const [x, g] = [normals("x", size).map((value) => Math.round(2 * value)), normals("g", size)];

  test.each(batchNormForms)("form %s: the whole batch as one ghost is plain batch norm", (form: BatchNormForm) => {
    const found = normed({ form, ghost: shape[0] }, shape, x, g);
    expect(found).toEqual(normed({ form }, shape, x, g));
  });

  test.each(batchNormForms)("form %s: every ghost by itself", (form: BatchNormForm) => {
    const ghost = 4;
    const found = normed({ form, ghost }, shape, x, g);
    const own = [ghost, ...shape.slice(1)];
    const part = sizeOf(own);
    const parts = [0, 1, 2].map((i) => {
      const at = (list: readonly number[]): number[] => list.slice(i * part, (i + 1) * part);
      return normed({ form }, own, at(x), at(g));
    });
    expect(found.y).toEqual(parts.flatMap(({ y }) => y));
    if (form === "library") expect(found.z.filter((z) => z === 0).length).toBeGreaterThan(0);
    expect(found["d:x"]).toEqual(parts.flatMap((one) => one["d:x"]));
    // Gradients of shared parameters are sums over the ghosts in order, in float32.
    const sum = (name: string): number[] =>
      parts[0][name].map((_, c) => parts.reduce((total, one) => Math.fround(total + one[name][c]), 0));
    for (const name of ["d:gamma", "d:beta"]) expect(found[name]).toEqual(sum(name));
    for (const name of ["mean", "variance"]) {
      expect(found[name]).toEqual(sum(name).map((total) => Math.fround(total / 3)));
    }
  });
});

test("running statistics count the values of a ghost", () => {
  const network = networkNamed("6-5-3-bn:ghost-2");
  const program = network.loss(8, "track");
  const inputs = Object.fromEntries(
    program.inputs.map(({ name, value }) => {
      const { shape } = program.values[value];
      const start = network.statistics.find((statistic) => statistic.name === name);
      const values = start === undefined ? normals(name, sizeOf(shape)) : new Array(sizeOf(shape)).fill(start.initial);
      return [name, name === "labels" ? [0, 1, 2, 0, 1, 2, 0, 1] : values];
    }),
  );
  const { visits } = network.traced(8, "track");
  const { input } = visits.find(({ layer }) => layer === "norm") as { input: number };
  const h = evaluate({ ...program, outputs: [{ name: "h", value: input }] }, inputs).h;
  const tracked = evaluate(program, inputs)["tracked:norm1.variance"];
  for (let c = 0; c < 5; c++) {
    // Unbiased, of two values: (a - b)^2 / 2.
    const variances = [0, 1, 2, 3].map((k) => (h[10 * k + c] - h[10 * k + 5 + c]) ** 2 / 2);
    const mean = variances.reduce((a, b) => a + b, 0) / 4;
    expect(tracked[c]).toBeCloseTo(0.9 + 0.1 * mean, 5);
  }
});

test("the rate is that of the ghost, not of the batch", () => {
  const { rate, theory } = measurePropagation({
    ...{ model: "mlp", depth: 10, width: 192, batch: 48, activation: "relu", order: "norm-act", residual: "none" },
    ...{ gamma: 1, beta: 0, inputs: { kind: "gaussian" }, precision: precision("float64"), geometry: false },
    ...{ norm: normNamed("ghost:6", { eps: 0 }) as NormSpec, seed: 0, seeds: 3 },
  });
  expect(theory.rate).toBeCloseTo(1.41554887744544, 12);
  expect(theory.source).toMatch(/exact at batch 6/);
  const found = rate.first as number;
  expect(Math.abs(found - 1.4155)).toBeLessThan(3 * Math.max(0.01, rate.sd?.first ?? 0));
  expect(found - Math.sqrt(squaredRateNormAct(48))).toBeGreaterThan(0.1);
});

test("what does not fit is refused", () => {
  const bad =
    (spec: NormSpec, shape: readonly number[] = [12, 5]) =>
    () =>
      normed(spec, shape, normals("x", sizeOf(shape)), normals("g", sizeOf(shape)));
  expect(bad({ ghost: 5 })).toThrow(/batch 12 does not divide into ghost batches of 5/);
  expect(bad({ ghost: 24 })).toThrow(/batch 12 does not divide into ghost batches of 24/);
  expect(bad({ ghost: 1 })).toThrow(/no variance over one value; give 2 or more/);
  expect(bad({ ghost: 0 })).toThrow(/ghost batches of 0: expected an integer of at least 1/);
  expect(bad({ ghost: 1 }, [12, 3, 2, 2])).not.toThrow();
  expect(bad({ ghost: 4, kind: "layer" })).toThrow(/only batch norm has them, found norm layer/);
  expect(() => normNamed("ghost", { eps: 0 })).toThrow(/expected the samples of a ghost batch, as in ghost:8/);
  expect(() => normNamed("ghots:8", { eps: 0 })).toThrow(/did you mean ghost:B/);
  expect(() => networkNamed("6-5-3:ghost-2")).toThrow(/ghost batches are of batch norms, which -bn adds/);
  expect(networkNamed("vgg11-bn:ghost-8").parameters).toEqual(networkNamed("vgg11-bn").parameters);
});
