/** The decomposition of papers/bn-relu 2.7 and the invariants of 6.5. */
import { describe, expect, test } from "vitest";
import { PropagationMeter } from "../../../src/analysis/propagation/meter.ts";
import { type DeepNetwork, deepNetwork, drawWeights, fillNormal } from "../../../src/analysis/propagation/network.ts";
import type { LayerRow } from "../../../src/analysis/propagation/rows.ts";
import { stream } from "../../../src/base/random.ts";
import { formatNamed } from "../../../src/formats/index.ts";
import { drawParameters, laws, networkNamed } from "../../../src/nn/index.ts";

const base: DeepNetwork = {
  kind: "mlp",
  depth: 5,
  width: 16,
  activation: "relu",
  norm: { eps: 0 },
  order: "norm-act",
  residual: "none",
};

interface Run {
  readonly rows: readonly LayerRow[];
  readonly parameters: Record<string, Float64Array>;
  readonly buffer: (name: string) => ArrayLike<number>;
}

function run(
  net: DeepNetwork,
  batch: number,
  change: (data: {
    parameters: Record<string, Float64Array>;
    x: Float64Array;
    gradient: Float64Array;
  }) => void = () => {},
): Run {
  const traced = deepNetwork(net, batch);
  const meter = new PropagationMeter(traced, { backend: "js" });
  const parameters: Record<string, Float64Array> = {};
  drawWeights(traced.parameters, 3, {}, (name, values) => {
    parameters[name] = values;
  });
  const x = new Float64Array(traced.program.values[traced.program.inputs[0].value].shape.reduce((a, b) => a * b, 1));
  fillNormal(x, stream(3, "x"));
  const gradient = new Float64Array(meter.topSize);
  fillNormal(gradient, stream(3, "g"));
  change({ parameters, x, gradient });
  const rows = meter.measure({ parameters, x, gradient });
  return { rows, parameters, buffer: (name) => meter.engine.buffer(name) };
}

/** Largest relative difference of one field. */
function apart(a: readonly LayerRow[], b: readonly LayerRow[], field: "gradient" | "weightGradient"): number {
  return Math.max(...a.map((row, i) => Math.abs((row[field] as number) / (b[i][field] as number) - 1)));
}

const factors = ["mask", "affine", "projection", "gain", "transport", "other"] as const;

describe("M Pi S T is the measured squared ratio", () => {
  const cases: Record<string, Partial<DeepNetwork>> = {
    "batch norm, then relu": {},
    "relu, then batch norm": { order: "act-norm" },
    "batch norm with frozen statistics": { norm: { eps: 0, frozen: true } },
    "batch norm over ghosts": { norm: { ghost: 4, eps: 0 } },
    "a convolution, ghosts after relu": {
      ...{ kind: "conv", width: 4, input: [4, 4, 4] },
      norm: { ghost: 3 },
      order: "act-norm",
    },
    "layer norm": { norm: { kind: "layer", eps: 0 } },
    "group norm": { norm: { kind: "group", groups: 2, eps: 0 } },
    "rms norm after relu": { norm: { kind: "rms", eps: 0 }, order: "act-norm" },
    "batch norm in single steps, eps 1e-5": { norm: { form: "fused-wide" } },
    gelu: { activation: "gelu" },
    "a convolution": { kind: "conv", width: 4, input: [4, 4, 4], padding: "zero" },
  };
  test.each(Object.entries(cases))("%s", (_, change) => {
    const { rows } = run({ ...base, ...change }, 12);
    for (const row of rows.slice(1)) {
      const product = factors.reduce((total, factor) => total * (row[factor] as number), 1);
      expect(Math.abs(product / (row.growth as number) - 1)).toBeLessThan(1e-13);
    }
    // The gradients of neighbouring blocks are joined by it.
    rows.slice(1).forEach((row, i) => {
      expect((rows[i].gradient / row.gradient) ** 2 / (row.growth as number)).toBeCloseTo(1, 12);
    });
  });
  test("without a norm there is neither projection nor gain", () => {
    const [, row] = run({ ...base, norm: undefined } as unknown as DeepNetwork, 12).rows;
    expect(row).toMatchObject({ affine: null, projection: null, gain: null });
    expect((row.mask as number) * (row.transport as number)).toBeCloseTo(row.growth as number, 12);
  });
});

describe("invariants of batch norm with eps 0", () => {
  const plain = run(base, 12);
  test("W -> 3 W: gradients of signals stay, that of W is a third", () => {
    const tripled = run(base, 12, ({ parameters }) => {
      parameters["linear3.weight"] = parameters["linear3.weight"].map((w) => 3 * w);
    });
    expect(apart(plain.rows, tripled.rows, "gradient")).toBeLessThan(1e-13);
    expect((plain.rows[2].weightGradient as number) / (tripled.rows[2].weightGradient as number)).toBeCloseTo(3, 12);
  });
  test("X -> X + 7.5: nothing changes; X -> 2 X: G stays", () => {
    const moved = run(base, 12, ({ x }) => x.set(x.map((value) => value + 7.5)));
    const doubled = run(base, 12, ({ x }) => x.set(x.map((value) => 2 * value)));
    for (const other of [moved, doubled]) {
      expect(apart(plain.rows, other.rows, "gradient")).toBeLessThan(1e-13);
      expect(apart(plain.rows, other.rows, "weightGradient")).toBeLessThan(1e-13);
    }
    // dH_0 = Q q / s, and s doubles.
    expect(plain.rows[0].signal / doubled.rows[0].signal).toBeCloseTo(2, 12);
  });
  test("two samples: the gradient below a norm is 0 but for rounding", () => {
    const rows = run(base, 2).rows;
    rows.forEach(({ signal }, i) => {
      const above = i === rows.length - 1 ? rows[i].gradient : rows[i + 1].signal;
      expect(signal / above).toBeLessThan(1e-13);
    });
  });
  test("samples in another order: the same gradients up to the order of sums", () => {
    const reversed = run(base, 12, ({ x, gradient }) => {
      for (const values of [x, gradient]) {
        const rows = Array.from({ length: 12 }, (_, i) => [...values.subarray(16 * i, 16 * (i + 1))]);
        values.set(rows.reverse().flat());
      }
    });
    expect(apart(plain.rows, reversed.rows, "gradient")).toBeLessThan(1e-13);
    expect(apart(plain.rows, reversed.rows, "weightGradient")).toBeLessThan(1e-13);
    expect(reversed.rows[4].weightGradient).not.toBe(0);
  });
});

test("a network while it is trained: loss on top, the classifier has no activation, eval is refused", () => {
  const network = networkNamed("8-16x4-3-bn");
  const traced = network.traced(6);
  const meter = new PropagationMeter(traced, { backend: "js" });
  const how = { law: "kaiming-normal", draw: "format", format: formatNamed("float64") } as const;
  expect(laws).toHaveProperty(how.law);
  const x = new Float64Array(48);
  fillNormal(x, stream(0, "x"));
  const rows = meter.measure({ parameters: drawParameters(network, how, 0, 0), x, labels: [0, 1, 2, 0, 1, 2] });
  expect(rows.map(({ name }) => name)).toEqual(["linear1", "linear2", "linear3", "linear4", "linear5"]);
  expect(rows[4]).toMatchObject({ mask: null, gain: null });
  const last = new PropagationMeter(traced, { backend: "js", top: "last" });
  expect(last.topSize).toBe(6 * 16);
  expect(() => new PropagationMeter(network.traced(6, "eval"))).toThrow(/eval/);
  expect(() => new PropagationMeter(traced, { top: "lost" })).toThrow(/expected last or an output: loss, logits/);
});
