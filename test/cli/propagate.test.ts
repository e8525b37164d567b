/** `nonsmooth propagate`: the contract's fields, theory beside measurement, and every wrong use in one line. */
import { describe, expect, test } from "vitest";
import { here, json } from "./run.ts";

interface Printed {
  readonly layers: readonly (Readonly<Record<string, number | null>> & { readonly kind: string })[];
  readonly rate: Readonly<Record<"first" | "middle" | "last" | "weights", number>> & {
    readonly sd: Readonly<Record<string, number>> | null;
  };
  readonly theory: { readonly rate: number | null; readonly source: string };
  readonly warnings: readonly string[];
}

const small = ["--depth", "6", "--width", "32", "--batch", "16", "--backend", "js"];
const propagate = (...args: string[]): Promise<Printed> => json<Printed>("propagate", ...small, ...args);

describe("the JSON", () => {
  test("has the contract's fields, one entry per block", async () => {
    const { layers, rate, theory } = await propagate();
    expect(layers).toHaveLength(6);
    const fields = ["index", "kind", "gradient", "weightGradient", "ratio", "mask", "projection", "gain", "transport"];
    const more = ["alignment", "cosine", "participation", "zeros", "maxAbs"];
    for (const name of [...fields, ...more]) expect(layers[3]).toHaveProperty(name);
    expect(Object.keys(rate)).toEqual(expect.arrayContaining(["first", "middle", "last", "weights", "sd"]));
    expect(rate.sd).toBeNull();
    expect(theory.rate).toBeCloseTo(1.26093236010706, 12);
    expect(theory.source).toMatch(/exact at batch 16/);
    // A small net: within a few tenths of theory.
    expect(Math.abs(rate.first - 1.26)).toBeLessThan(0.1);
  });
  test("several networks have a standard deviation, and the first is that of one", async () => {
    const { rate } = await propagate("--seeds", "3");
    expect(rate.sd?.first).toBeGreaterThan(0);
  });
  test("residual nets, convolutions and other norms", async () => {
    expect((await propagate("--residual", "pre1")).theory.source).toMatch(/power law/);
    const conv = await propagate("--model", "conv", "--width", "4", "--batch", "4");
    expect(conv.layers[1].kind).toBe("conv2d");
    expect((await propagate("--norm", "ghost:8")).theory.rate).toBeCloseTo(1.33723220745641, 12);
    expect((await propagate("--norm", "group:4")).theory.rate).toBeNull();
    expect((await propagate("--norm", "layer", "--order", "act-norm")).theory.rate).toBeCloseTo(1.2111738962363, 10);
    expect((await propagate("--norm", "none")).layers[2].gain).toBeNull();
  });
  test("a bare bit of bad statistics is said: 2 and 3 samples, dead features", async () => {
    expect((await propagate("--batch", "2")).warnings.join()).toMatch(/every gradient below a batch norm is 0/);
    expect((await propagate("--batch", "3")).warnings.join()).toMatch(/no finite second moment/);
    expect((await propagate("--norm", "ghost:2")).warnings.join()).toMatch(/ghost batches of 2: .* is 0/);
    const dead = await propagate("--order", "act-norm", "--batch", "4");
    expect(dead.warnings.join()).toMatch(/dead features: \d+ statistics have variance 0 .*NaN/);
    expect(dead.rate.first).toBe("NaN");
  });
});

test("without --json: a table, the rate beside theory, a picture", async () => {
  const { code, stdout } = await here(["propagate", ...small, "--out", "out/test-propagate.svg"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/rate per block, 1 network: first .*\ntheory: 1.26093/);
  expect(stdout).toMatch(/picture: out\/test-propagate.svg/);
});

test.each([
  [["--batch", "1"], /batch 1: batch norm has no variance over one sample/],
  [["--eps=-1"], /--eps: found -1/],
  [["--depth", "0"], /--depth: found '0'/],
  [["--norm", "group:7"], /32 units do not divide into 7 groups/],
  [["--norm", "ghost:3"], /batch 16 does not divide into ghost batches of 3/],
  [["--norm", "bach"], /did you mean batch/],
  [["--norm", "layer", "--bn-form", "wide"], /only batch norm has forms/],
  [["--bn-form", "wid"], /did you mean wide/],
  [["--mode", "eval"], /running statistics/],
  [["--order", "actnorm"], /did you mean act-norm/],
  [["--residual", "pre3"], /did you mean pre1/],
  [["--model", "resnet81"], /did you mean resnet18/],
  [["--activation", "rleu"], /did you mean relu/],
  [["--input", "clusters:4"], /expected clusters:K:R/],
  [["--input", "uniform:2"], /correlation 2/],
  [["--input", "smooth:2"], /expected images/],
  [["--top", "los"], /unknown top gradient 'los'; did you mean loss/],
  [["--top", "clusters:0"], /expected the number of clusters/],
  [["--top", "loss"], /model mlp has no classifier; give an architecture/],
  [["--norm", "batch:frozn"], /unknown norm 'batch:frozn'; did you mean batch:frozen/],
  [["--norm", "batch:frozen", "--bn-form", "wide"], /expected form library, found wide/],
  [["--gain", "0"], /--gain: found 0/],
  [["--model", "vgg16", "--order", "act-norm"], /order and residual are its own/],
] as [string[], RegExp][])("%j is refused in one line", async (args, message) => {
  const { code, stdout, stderr } = await here(["propagate", ...small, ...args]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
