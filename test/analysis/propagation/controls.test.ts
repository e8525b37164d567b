/** Controls keep what they say and lose the alignment. */
import { describe, expect, test } from "vitest";
import {
  noiseInputs,
  permutedEntries,
  permutedInputs,
  rotatedInputs,
  shuffledFeatures,
} from "../../../src/analysis/propagation/controls.ts";
import { PropagationMeter } from "../../../src/analysis/propagation/meter.ts";
import { deepNetwork, drawWeights } from "../../../src/analysis/propagation/network.ts";
import { stream } from "../../../src/base/random.ts";

const normal = (count: number, name: string): Float64Array => noiseInputs(count, stream(5, name));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);

describe("rotated inputs", () => {
  test.each([[[6, 5]], [[6, 5, 3, 3]]])("keep all inner products of the rows, shape %j", (shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const w = normal(size, "w");
    const turned = rotatedInputs(w, shape, stream(5, "o"));
    const rows = (values: Float64Array): Float64Array[] =>
      Array.from({ length: 6 }, (_, o) => values.subarray((o * size) / 6, ((o + 1) * size) / 6));
    const [a, b] = [rows(w), rows(turned)];
    for (let i = 0; i < 6; i++) for (let j = 0; j < 6; j++) expect(dot(b[i], b[j])).toBeCloseTo(dot(a[i], a[j]), 11);
    expect(Math.abs(turned[0] - w[0])).toBeGreaterThan(1e-6);
  });
  test("are uniform: the image of a unit vector has mean 0 and mean square 1 / n", () => {
    const draws = stream(1, "many");
    const entries = Array.from({ length: 4000 }, () => rotatedInputs([1, 0, 0, 0], [1, 4], draws)[2]);
    const mean = (f: (x: number) => number): number => entries.reduce((sum, x) => sum + f(x), 0) / entries.length;
    expect(Math.abs(mean((x) => x))).toBeLessThan(0.03);
    expect(Math.abs(mean((x) => x * x) - 0.25)).toBeLessThan(0.02);
  });
});

test("permutations keep the numbers", () => {
  const w = normal(30, "w");
  const sorted = (values: Float64Array): number[] => [...values].sort((a, b) => a - b);
  expect(sorted(permutedEntries(w, stream(0, "p")))).toEqual(sorted(w));
  const columns = permutedInputs(w, [6, 5], stream(0, "p"));
  for (let o = 0; o < 6; o++)
    expect(sorted(columns.slice(5 * o, 5 * o + 5))).toEqual(sorted(w.slice(5 * o, 5 * o + 5)));
  const shuffled = shuffledFeatures(w, 6, stream(0, "s"));
  for (let j = 0; j < 5; j++) {
    const feature = (values: Float64Array): Float64Array => values.filter((_, at) => at % 5 === j);
    expect(sorted(feature(shuffled))).toEqual(sorted(feature(w)));
  }
});

test("an aligned weight has A > 1, and 1 again after a control", () => {
  const [batch, width] = [64, 24];
  const traced = deepNetwork(
    { kind: "mlp", depth: 1, width, activation: "relu", norm: { eps: 0 }, order: "norm-act", residual: "none" },
    batch,
  );
  const meter = new PropagationMeter(traced, { backend: "js", geometry: false });
  // Inputs with one strong direction.
  const direction = normal(width, "direction");
  const factor = normal(batch, "factor");
  const x = normal(batch * width, "x").map((z, at) => z + 3 * factor[Math.floor(at / width)] * direction[at % width]);
  const parameters: Record<string, Float64Array> = {};
  drawWeights(traced.parameters, 0, {}, (name, values) => {
    parameters[name] = values;
  });
  const w = parameters["linear1.weight"].map((value, at) => value + 0.3 * direction[at % width]);
  const alignment = (weight: Float64Array): number =>
    meter.measure({
      parameters: { ...parameters, "linear1.weight": weight },
      x,
      gradient: normal(batch * width, "g"),
    })[0].alignment as number;
  expect(alignment(w)).toBeGreaterThan(5);
  const turned = Array.from({ length: 40 }, (_, i) => alignment(rotatedInputs(w, [width, width], stream(i, "turn"))));
  const mean = turned.reduce((a, b) => a + b, 0) / turned.length;
  expect(Math.abs(mean - 1)).toBeLessThan(0.35);
});
