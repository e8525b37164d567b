/** Norms by form: unit vectors of papers/bn-relu 6.1 and 6.2, and where the arithmetic of a form shows. */
import { describe, expect, test } from "vitest";
import { joinedPullback } from "../../src/autodiff/index.ts";
import { compile } from "../../src/compile.ts";
import { convention } from "../../src/conventions/index.ts";
import { trace } from "../../src/ir/trace.ts";
import { type BatchNormForm, batchNormForms, type NormSpec, normalize, normNamed } from "../../src/nn/norms.ts";
import { relu, rmsNorm } from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

interface Case {
  readonly h: readonly number[];
  readonly q: readonly number[];
  readonly eps: number;
  readonly gamma?: number;
  readonly beta?: number;
  readonly alpha?: number;
  readonly activated?: boolean;
}

/** One feature: u (or the activation), and the gradients of h, gamma and beta. */
function column(
  { h, q, eps, gamma = 1, beta = 0, alpha = 0, activated = false }: Case,
  form: BatchNormForm = "library",
) {
  const program = trace(
    ({ h: x, gamma: g, beta: b }) => {
      const { y } = normalize(x, g, b, { eps, form });
      return { y: activated ? relu(y) : y };
    },
    { h: [h.length, 1], gamma: [1], beta: [1] },
  );
  const pulled = joinedPullback(program, convention("pytorch-1.13", { "relu.zero": alpha }));
  const engine = compile({ forward: program, pulled }, { precision: "float64", backend: "js" });
  const values = { h, gamma: [gamma], beta: [beta], "d:y": q };
  for (const [name, data] of Object.entries(values)) engine.write(name, data);
  engine.run("forward");
  engine.run("pulled");
  const [y, dh, dgamma, dbeta] = ["y", "d:h", "d:gamma", "d:beta"].map((name) => [...engine.buffer(name)]);
  return { y, dh, dgamma, dbeta };
}

/** To 12 digits of the largest entry, or to the digits given. */
function close(found: readonly number[], expected: readonly number[], unit = 1e-12): void {
  const size = Math.max(...expected.map(Math.abs), 1e-300);
  for (const [i, x] of found.entries()) expect(Math.abs(x - expected[i]) / size).toBeLessThan(unit);
}

const third = 0.204124145232;

describe.each(batchNormForms)("backward of batch norm (6.1), form %s", (form) => {
  test.each<[Case, readonly number[], readonly number[]]>([
    [{ h: [0, 1, 2], q: [1, 0, 0], eps: 0 }, [-1.224744871392, 0, 1.224744871392], [third, -2 * third, third]],
    [
      { h: [0, 1, 2], q: [1, 0, 0], eps: 1e-5 },
      [-1.224735685908, 0, 1.224735685908],
      [0.204131799698, -0.408245228636, 0.204113428938],
    ],
    [
      { h: [-1, 0, 1, 2], q: [1, 2, 3, 4], eps: 0 },
      [-1.3416407865, -0.4472135955, 0.4472135955, 1.3416407865],
      [0, 0, 0, 0],
    ],
    [
      { h: [-1, 0, 1, 4], q: [1, 0, 0, -1], eps: 1e-5 },
      [-1.069043440446, -0.534521720223, 0, 1.603565160669],
      [0.15272158235, -0.190900068937, 0, 0.038178486587],
    ],
    [
      { h: [1, 2, 3, 6], q: [1, -1, 2, 0], eps: 0 },
      [-1.06904496765, -0.534522483825, 0, 1.603567451475],
      [0.19090088708, -0.839963903153, 0.801783725737, -0.152720709664],
    ],
    [{ h: [3, 7], q: [1, 0], eps: 1e-5 }, [-0.999998750002, 0.999998750002], [6.249977e-7, -6.249977e-7]],
    [{ h: [5, 5, 5], q: [1, 0, -1], eps: 1e-5 }, [0, 0, 0], [316.227766017, 0, -316.227766017]],
  ])("%j", (given, y, dh) => {
    const found = column(given, form);
    // Differences of 1 on the scale of 1 / eps round to 1e-11 in the forms that multiply out.
    for (const [own, right] of [[found.y, y] as const, [found.dh, dh] as const]) {
      for (const [i, x] of own.entries())
        expect(Math.abs(x - right[i])).toBeLessThan(3e-12 * Math.max(1, Math.abs(right[i])));
    }
  });
});

describe("batch norm and ReLU at the kink (6.2)", () => {
  const h = [-1, 0, 1, 4];
  const s = Math.sqrt(3.5);
  test.each([0, 0.5, 1])("a pre-activation that is exactly 0, alpha %d", (alpha) => {
    const { dh } = column({ h, q: [1, 1, 1, 1], eps: 0, alpha, activated: true });
    close(
      dh.map((x) => x * s),
      [5 / 28 - alpha / 4, -1 / 28 - alpha / 4, -1 / 4 + (3 * alpha) / 4, 3 / 28 - alpha / 4],
    );
  });
  test("another gradient, alpha 0: -4 times", () => {
    const { dh } = column({ h, q: [1, -2, 3, -4], eps: 0, activated: true });
    close(dh, [-4 * 0.09545044354, 4 * 0.019090088708, 4 * 0.133630620956, -4 * 0.057270266124], 3e-12);
    const ratio = Math.hypot(...dh) / Math.sqrt(30);
    expect(ratio).toBeCloseTo(0.12777531299998, 13);
  });
  test.each([
    [0, 0.306186217848, -0.612372435696],
    [0.5, 0.102062072616, -0.204124145232],
    [1, -0.102062072616, 0.204124145232],
    [-1, 0.714434508312, -1.428869016623],
    [10, -3.776296686791, 7.552593373582],
  ])("(-2, 0, 2), alpha %d", (alpha, side, middle) => {
    const { dh } = column({ h: [-2, 0, 2], q: [1, 2, 3], eps: 0, alpha, activated: true });
    close(dh, [side, middle, side], 2e-12);
  });
  test("alpha 3/4 cancels all of it", () => {
    const { dh } = column({ h: [-2, 0, 2], q: [1, 2, 3], eps: 0, alpha: 0.75, activated: true });
    for (const x of dh) expect(Math.abs(x)).toBeLessThan(1e-15);
  });
  test("gamma 2, beta -1/2", () => {
    const { dh, dgamma, dbeta } = column({ h, q: [1, -2, 3, -4], eps: 0, gamma: 2, beta: -0.5, activated: true });
    close(dh, [-0.763603548321, 0.152720709664, 1.06904496765, -0.458162128993]);
    close([...dgamma, ...dbeta], [-6.414269805898, -4]);
  });
});

describe("forms in 16 bits", () => {
  /** h on the grid of its mean: -, then exactly the mean rounded. */
  const h = [1.0009765625, 1.001953125, 1.0029296875, 3];
  const forms = (format: string) =>
    batchNormForms.map((form) => {
      const program = trace(({ x, gamma, beta }) => normalize(x, gamma, beta, { eps: 0, form }).y, {
        x: [4, 1],
        gamma: [1],
        beta: [1],
      });
      const engine = compile(program, { precision: format, backend: "js" });
      engine.write("x", h);
      engine.write("gamma", [1]);
      engine.write("beta", [0]);
      engine.run("program");
      return [...engine.buffer("output")];
    });
  test("all of them agree in float64 and differ in float16", () => {
    const wide = forms("float64");
    for (const other of wide) close(other, wide[0], 1e-14);
    expect(new Set(forms("float16").map(String)).size).toBeGreaterThan(2);
  });
});

test("rms norm keeps the mean", () => {
  const program = trace(({ x, gamma, beta }) => rmsNorm(x, gamma, beta, { eps: 0 }), {
    x: [2, 2],
    gamma: [2],
    beta: [2],
  });
  const values = { x: [3, 4, 1, 1], gamma: [1, 2], beta: [0, 1] };
  const found = evaluate(program, values, "float64").output;
  close([...found], [3 / Math.sqrt(12.5), 8 / Math.sqrt(12.5) + 1, 1, 3]);
});

test("wrong use in one line", () => {
  const bad = (spec: NormSpec) => () =>
    trace(({ x, gamma, beta }) => normalize(x, gamma, beta, spec).y, { x: [4, 6], gamma: [6], beta: [6] });
  expect(bad({ eps: -1 })).toThrow(/eps is -1, expected a number of at least 0/);
  expect(bad({ kind: "group", groups: 4 })).toThrow(/6 channels do not divide into 4 groups/);
  expect(bad({ form: "fused" as BatchNormForm })).toThrow(/fused-wide|known/);
  expect(() => normNamed("bach", { eps: 0 })).toThrow(/did you mean batch/);
  expect(() => normNamed("group", { eps: 0 })).toThrow(/group:8/);
  expect(() => normNamed("layer", { eps: 0, form: "wide" })).toThrow(/only batch norm has forms/);
  expect(normNamed("none", { eps: 0 })).toBeUndefined();
});
