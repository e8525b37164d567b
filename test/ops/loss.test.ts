/** softmaxCrossEntropy, softmax, logSoftmax. */
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/index.ts";
import type { Program } from "../../src/ir/program.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { callAll } from "../../src/ops/call.ts";
import { type LossReduction, logSoftmax, softmax, softmaxCrossEntropy } from "../../src/ops/index.ts";
import { softmaxCrossEntropyOp } from "../../src/ops/softmaxCrossEntropy.ts";
import { evaluate } from "../run.ts";
import { checkDerivatives } from "./derivatives.ts";

const specs = { logits: [3, 4], labels: { shape: [3], type: "int32" } };
const logits = [1, 2, 3, 4, 0, 0, 0, 0, -5, 5, 2, 0.5];
const labels = [3, 1, 0];

function loss(reduction: LossReduction): Program {
  return trace((x) => softmaxCrossEntropy(x.logits, x.labels, reduction), specs);
}

/** -log softmax at the label, per sample. */
function expected(): number[] {
  return labels.map((label, n) => {
    const row = logits.slice(4 * n, 4 * n + 4);
    return Math.log(row.reduce((total, x) => total + Math.exp(x), 0)) - row[label];
  });
}

const close = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found.length).toBe(wanted.length);
  for (const [i, x] of found.entries()) expect(x).toBeCloseTo(wanted[i], 12);
};

describe("softmaxCrossEntropy", () => {
  test("is the mean, the sum, or each sample's loss", () => {
    const each = expected();
    const total = each.reduce((a, b) => a + b);
    close(evaluate(loss("none"), { logits, labels }, "float64").output, each);
    close(evaluate(loss("sum"), { logits, labels }, "float64").output, [total]);
    close(evaluate(loss("mean"), { logits, labels }, "float64").output, [total / 3]);
  });
  test("its gradient is (p - y) g / N", () => {
    const found = evaluate(gradient(loss("mean"), undefined, { seed: 6 }), { logits, labels }, "float64")["d:logits"];
    const p = evaluate(
      trace((x) => softmax(x.logits), { logits: [3, 4] }),
      { logits },
      "float64",
    ).output;
    close(
      found,
      p.map((x, i) => ((x - (labels[Math.floor(i / 4)] === i % 4 ? 1 : 0)) * 6) / 3),
    );
  });
  test("equal maxima are no kink: the gradient of equal logits is exact", () => {
    const found = evaluate(gradient(loss("sum")), { logits: new Array(12).fill(7), labels }, "float16")["d:logits"];
    expect(found.slice(0, 4)).toEqual([0.25, 0.25, 0.25, -0.75]);
  });
  test("large logits do not overflow, equal infinities are NaN", () => {
    const big = [60000, -60000, 0, 0, ...logits.slice(4)];
    const [first] = evaluate(loss("none"), { logits: big, labels: [0, 0, 0] }, "float16").output;
    expect(first).toBe(0);
    const same = [Infinity, Infinity, 0, 0, ...logits.slice(4)];
    expect(evaluate(loss("none"), { logits: same, labels: [0, 0, 0] }).output[0]).toBeNaN();
  });
  test("a label that is no class gives NaN for its sample, in the loss and in the gradient", () => {
    for (const bad of [4, -1, 7, -2147483648, 2147483647]) {
      const inputs = { logits, labels: [3, bad, 0] };
      const each = evaluate(loss("none"), inputs, "float64").output;
      expect(each.map(Number.isNaN)).toEqual([false, true, false]);
      expect(evaluate(loss("mean"), inputs).output[0]).toBeNaN();
      const found = evaluate(gradient(loss("sum")), inputs)["d:logits"];
      expect(found.map(Number.isNaN)).toEqual(found.map((_, i) => Math.floor(i / 4) === 1));
    }
  });
  test("over no samples the mean is NaN, the sum +0", () => {
    const none = { logits: [0, 4], labels: { shape: [0], type: "int32" } };
    const empty = (reduction: LossReduction): number[] =>
      evaluate(
        trace((x) => softmaxCrossEntropy(x.logits, x.labels, reduction), none),
        { logits: [], labels: [] },
      ).output;
    expect(empty("mean")).toEqual([Number.NaN]);
    expect(empty("sum")).toEqual([0]);
    expect(empty("none")).toEqual([]);
  });
  test("names both shapes", () => {
    const call = (shape: number[]) => () =>
      trace((x) => softmaxCrossEntropy(x.logits, x.labels), { logits: shape, labels: specs.labels });
    expect(call([4, 4])).toThrow(/softmaxCrossEntropy: logits \[4, 4\] and labels \[3\]/);
    expect(call([3, 0])).toThrow(/C >= 1/);
  });
});

test("softmax sums to 1 and survives large inputs; logSoftmax keeps small probabilities", () => {
  const program = trace(({ x }) => ({ p: softmax(x, 0), log: logSoftmax(x, 0) }), { x: [2, 2] });
  const { p, log } = evaluate(program, { x: [1000, 3, 0, 3] }, "float64");
  expect(p).toEqual([1, 0.5, 0, 0.5]);
  close(log, [0, Math.log(0.5), -1000, Math.log(0.5)]);
});

describe("derivatives", () => {
  const both = (x: { logits: Tensor; labels: Tensor }, reduction: LossReduction): Record<string, Tensor> => {
    const [value, p] = callAll(softmaxCrossEntropyOp, [x.logits, x.labels], { reduction });
    return { value, p };
  };
  test.each<LossReduction>(["mean", "sum", "none"])("softmaxCrossEntropy: %s, with its residual", (reduction) => {
    checkDerivatives((x) => both(x, reduction), specs, { labels });
  });
  test("softmax and logSoftmax", () => {
    checkDerivatives(({ x }) => ({ p: softmax(x, 1), log: logSoftmax(x, 1) }), { x: [2, 3, 2] });
  });
});
