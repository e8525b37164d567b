/** Pools: who gets the gradient at ties (papers/maxpool, section 6), padding, NaN, overlapping windows, random choices. */
import { describe, expect, test } from "vitest";
import {
  census,
  forwardUnder,
  gradient,
  isLocal,
  joinedPullback,
  pullback,
  pushforward,
  withTies,
} from "../../src/autodiff/index.ts";
import { stream } from "../../src/base/random.ts";
import { compile } from "../../src/compile.ts";
import { convention } from "../../src/conventions/index.ts";
import type { PrecisionSpec } from "../../src/formats/precision.ts";
import type { Program } from "../../src/ir/program.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import {
  avgPool2d,
  globalAvgPool,
  globalMaxPool,
  maxPool2d,
  mul,
  normPool,
  relu,
  sub,
  upsampleNearest,
  type WindowSpec,
} from "../../src/ops/index.ts";
import { evaluate } from "../run.ts";

const pool = (spec: WindowSpec, shape: readonly number[]): Program =>
  trace(({ x }) => maxPool2d(x, spec), { x: shape });

/** The adjoint of a pool under a choice. */
function adjoint(
  program: Program,
  choice: string | number,
  x: readonly number[],
  g: readonly number[],
  precision: PrecisionSpec | string = "float64",
  kink = "maxpool.tie",
): number[] {
  return evaluate(joinedPullback(program, convention({ [kink]: choice })), { x, "d:output": g }, precision)["d:x"];
}

const window = pool({ window: 2 }, [1, 1, 2, 2]);
const share = (choice: string, x: readonly number[], g = 1): number[] => adjoint(window, choice, x, [g]);

describe("window gradients (papers/maxpool 6.1)", () => {
  test("window (1, 1, 0, 1)", () => {
    const x = [1, 1, 0, 1];
    expect(share("native", x)).toEqual([1, 0, 0, 0]);
    expect(share("minimal", x)).toEqual([1 / 3, 1 / 3, 0, 1 / 3]);
    expect(share("hybrid:10", x)).toEqual([-17 / 3, 10 / 3, 0, 10 / 3]);
    expect(share("last", x)).toEqual([0, 0, 0, 1]);
    expect(share("all", x)).toEqual([1, 1, 0, 1]);
  });

  const tied: Readonly<Record<number, readonly number[]>> = { 2: [2, 2, 0, 1], 3: [2, 2, 2, 1], 4: [2, 2, 2, 2] };
  const norms: Readonly<Record<number, readonly number[]>> = {
    2: [1, Math.SQRT1_2, 6.4031, 70.0071, 706.4, 7070.3607],
    3: [1, 0.5774, 7.3711, 80.8352, 815.6803, 8164.1493],
    4: [1, 0.5, 7.8102, 85.738, 865.1595, 8659.388],
  };
  const betas = [0, 1, 10, 100, 1000, 10_000];
  test.each([2, 3, 4])("hybrid coefficients and their norms for %i ties", (k) => {
    betas.forEach((beta, i) => {
      const found = share(`hybrid:${beta}`, tied[k]);
      const first = 1 - beta * (1 - 1 / k);
      tied[k].forEach((x, j) => {
        expect(found[j]).toBeCloseTo(x < 2 ? 0 : j === 0 ? first : beta / k, 11);
      });
      expect(Math.hypot(...found)).toBeCloseTo(norms[k][i], 4);
    });
  });
  test("beta 0 is native and beta 1 minimal, to the bit; coefficients sum to 1", () => {
    for (const x of Object.values(tied)) {
      for (const g of [0.1, -3.7, 1e300]) {
        expect(share("hybrid:0", x, g)).toEqual(share("first", x, g));
        expect(share("hybrid:1", x, g)).toEqual(share("even", x, g));
      }
      expect(share("hybrid:100", x).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }
  });
  test("a window without ties gives its maximum exactly g, for every beta", () => {
    for (const choice of ["first", "even", "random", "all", "hybrid:10000", "hybrid:-3"]) {
      expect(share(choice, [1, 3, 2, 0], 0.1)).toEqual([0, 0.1, 0, 0]);
    }
  });
  test("zeros of both signs tie; NaN is the maximum and takes the gradient", () => {
    expect(share("first", [-0, 0, -1, -1])).toEqual([1, 0, 0, 0]);
    expect(share("even", [-0, 0, -1, -1])).toEqual([0.5, 0.5, 0, 0]);
    expect(share("first", [1, Number.NaN, 5, 2])).toEqual([0, 1, 0, 0]);
    expect(share("last", [1, Number.NaN, Number.NaN, 2])).toEqual([0, 0, 1, 0]);
    expect(share("even", [1, Number.NaN, Number.NaN, 2])).toEqual([0, 0.5, 0.5, 0]);
    const y = evaluate(window, { x: [1, Number.NaN, 5, 2] }, "float32").output;
    expect(y).toEqual([Number.NaN]);
    expect(evaluate(window, { x: [-0, -0, -0, -0] }, "float64").output).toEqual([-0]);
    expect(evaluate(window, { x: [-0, -0, 0, -1] }, "float64").output).toEqual([0]);
  });
  test("the one-sided derivative is the largest tangent among the maxima", () => {
    const sided = pushforward(window, undefined, { oneSided: true });
    const along = (x: readonly number[]): number[] => evaluate(sided, { x, "t:x": [-5, -2, 9, -3] })["t:output"];
    expect(along([1, 1, 0, 1])).toEqual([-2]);
    expect(along([1, 0, 0, 0])).toEqual([-5]);
  });
});

describe("the program that is constantly zero (papers/maxpool 6.2)", () => {
  /** The derivative of maxA(t x) - maxB(t x) at t; the ties of the first go to `first`, those of the second to all. */
  function derivative(x: readonly number[], t: number, first: string, precision: PrecisionSpec): number {
    const program = trace(
      ({ t, x }) => {
        const z = mul(t, x);
        return sub(maxPool2d(z, { window: [1, 4] }), maxPool2d(z, { window: [1, 4] }));
      },
      { t: [], x: [1, 4] },
    );
    const [a, b] = program.nodes.filter(({ op }) => op === "maxPool2d");
    const chosen = convention({ [`maxpool.tie@${a.id}`]: first, [`maxpool.tie@${b.id}`]: "even" });
    const found = evaluate(gradient(program, chosen, { wrt: ["t"] }), { t: [t], x }, precision);
    expect(found.output).toEqual([0]);
    return found["d:t"][0];
  }
  const float16 = { store: "float16", accumulate: "float16" };
  test.each([0, 0.1, 1, -1e-4])("equal entries at t = %d", (t) => {
    const x = [1.14, 1.14, 1.14, 1.14];
    expect(derivative(x, t, "first", float16)).toBe(-(2 ** -11));
    expect(derivative(x, t, "first", { store: "float32" })).toBe(2 ** -24);
    expect(derivative(x, t, "first", { store: "float64" })).toBe(2 ** -53);
    const y = [1.4, 1.4, 1.4, 1.4];
    expect(derivative(y, t, "first", float16)).toBe(2 ** -11);
    expect(derivative(y, t, "first", { store: "float32" })).toBe(-(2 ** -24));
    expect(derivative(y, t, "first", { store: "float64" })).toBe(-(2 ** -53));
    // Right to left: the reversed window, whose first entry is the last.
    for (const precision of [float16, { store: "float32" }, { store: "float64" }]) {
      expect(derivative(x, t, "last", precision)).toBe(0);
      expect(derivative(y, t, "last", precision)).toBe(0);
    }
  });
  test("different entries tie at t = 0 only", () => {
    for (const precision of [float16, { store: "float32" }, { store: "float64" }]) {
      expect(derivative([1, 2, 3, 4], 0, "first", precision)).toBe(-1.5);
      expect(derivative([1, 2, 3, 4], 0.5, "first", precision)).toBe(0);
    }
  });
});

describe("normPool (papers/maxpool 6.3)", () => {
  const program = trace(({ x }) => normPool(x, { window: 2 }), { x: [1, 1, 2, 2] });
  const accumulated = trace(({ x }) => normPool(x, { window: 2, squares: "accumulated" }), { x: [1, 1, 2, 2] });
  const at = (which: Program, choice: number, x: readonly number[], precision = "float16"): number[] =>
    adjoint(which, choice, x, [1], precision, "normPool.zero");
  test("each entry gets its share, or the choice where the computed norm is 0", () => {
    expect(at(program, 0, [3, 4, 0, 0], "float64")).toEqual([0.6, 0.8, 0, 0]);
    expect(at(program, 1, [3, 4, 0, 0], "float64")).toEqual([0.6, 0.8, 0, 0]);
    expect(at(program, 0, [0, 0, 0, 0])).toEqual([0, 0, 0, 0]);
    expect(at(program, 1, [0, 0, 0, 0])).toEqual([1, 1, 1, 1]);
  });
  test("squares that are rounded underflow, accumulated ones do not", () => {
    const tiny = [2 ** -13, 2 ** -13, 2 ** -13, 2 ** -13];
    expect(at(program, 0, tiny)).toEqual([0, 0, 0, 0]);
    expect(at(program, 1, tiny)).toEqual([1, 1, 1, 1]);
    expect(at(accumulated, 1, tiny)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(evaluate(accumulated, { x: tiny }, "float16").output).toEqual([2 ** -12]);
    expect(evaluate(census(program), { x: tiny }, "float16")["census:normPool.zero@0"]).toEqual([1]);
    expect(evaluate(census(accumulated), { x: tiny }, "float16")["census:normPool.zero@0"]).toEqual([0]);
  });
  test("the one-sided derivative at 0 is the norm of the tangent", () => {
    const sided = pushforward(program, undefined, { oneSided: true });
    expect(evaluate(sided, { x: [0, 0, 0, 0], "t:x": [1, 1, -1, 1] })["t:output"]).toEqual([2]);
    expect(evaluate(sided, { x: [0, 3, 0, 4], "t:x": [1, 1, -1, 0] }, "float64")["t:output"]).toEqual([0.6]);
  });
  test("other squares are refused", () => {
    expect(() => trace(({ x }) => normPool(x, { window: 2, squares: "roundde" as "rounded" }), { x: [2, 2] })).toThrow(
      /did you mean rounded/,
    );
  });
});

describe("padding is absent", () => {
  const padded = pool({ window: 3, stride: 2, padding: 1 }, [3, 3]);
  test("-Infinity does not tie with it", () => {
    const x = new Array<number>(9).fill(-Infinity);
    const found = evaluate(withTies(census(padded)), { x });
    expect(found.output).toEqual([-Infinity, -Infinity, -Infinity, -Infinity]);
    expect(found["ties:maxpool.tie@0"]).toEqual([4, 4, 4, 4]);
    expect(found["first:maxpool.tie@0"]).toEqual([4, 3, 1, 0]);
    expect(found["census:maxpool.tie@0"]).toEqual([4]);
    expect(adjoint(padded, "even", x, [4, 8, 12, 16])).toEqual([1, 3, 2, 4, 10, 6, 3, 7, 4]);
  });
  test("negative entries win over it", () => {
    const x = [-9, -8, -7, -6, -5, -4, -3, -2, -1];
    expect(evaluate(padded, { x }).output).toEqual([-5, -4, -2, -1]);
    expect(adjoint(padded, "first", x, [1, 2, 3, 4])).toEqual([0, 0, 0, 0, 1, 2, 0, 3, 4]);
  });
});

interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

const uniforms = stream(4, "pool geometry");
const whole = (low: number, high: number): number => low + uniforms.integer(high - low + 1);

/** Few different values, so that there are many ties. */
const few = (count: number): number[] => Array.from({ length: count }, () => whole(-1, 2));

function geometry(): Geometry {
  const window = [whole(1, 4), whole(1, 4)] as const;
  const padding = [whole(0, window[0] - 1), whole(0, window[1] - 1)] as const;
  return {
    window,
    padding,
    stride: [whole(1, 4), whole(1, 4)],
    height: whole(Math.max(1, window[0] - 2 * padding[0]), 9),
    width: whole(Math.max(1, window[1] - 2 * padding[1]), 9),
  };
}

/** Windows as lists of places in the image, row-major. */
function windowsOf({ height, width, window, stride, padding }: Geometry): number[][] {
  const found: number[][] = [];
  for (let top = -padding[0]; top + window[0] <= height + padding[0]; top += stride[0]) {
    for (let left = -padding[1]; left + window[1] <= width + padding[1]; left += stride[1]) {
      const places: number[] = [];
      for (let i = Math.max(top, 0); i < Math.min(top + window[0], height); i++) {
        for (let j = Math.max(left, 0); j < Math.min(left + window[1], width); j++) places.push(i * width + j);
      }
      found.push(places);
    }
  }
  return found;
}

describe("random geometries against lists of places", () => {
  const shares: Readonly<Record<string, (tied: readonly number[]) => readonly number[]>> = {
    first: (tied) => tied.slice(0, 1),
    last: (tied) => tied.slice(-1),
    all: (tied) => tied,
    even: (tied) => tied,
  };
  const cases = Array.from({ length: 60 }, geometry);
  test.each(cases.map((g) => [JSON.stringify(g), g] as const))("%s", (_, g) => {
    const { height, width, ...spec } = g;
    const x = few(2 * height * width);
    const places = windowsOf(g);
    const images = [x.slice(0, height * width), x.slice(height * width)];
    const program = pool(spec, [2, height, width]);
    const maxima = images.flatMap((image) => places.map((list) => Math.max(...list.map((at) => image[at]))));
    expect(evaluate(program, { x }, "float32").output).toEqual(maxima);
    const weights = maxima.map((_value, i) => 12 * ((i % 5) + 1));
    for (const [choice, chosen] of Object.entries(shares)) {
      const expected = images.flatMap((image, n) => {
        const sums = new Array<number>(image.length).fill(0);
        places.forEach((list, w) => {
          const top = maxima[n * places.length + w];
          const tied = list.filter((at) => image[at] === top);
          const weight = weights[n * places.length + w] / (choice === "even" ? tied.length : 1);
          for (const at of chosen(tied)) sums[at] += weight;
        });
        return sums;
      });
      const found = adjoint(program, choice, x, weights, "float64");
      for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 10);
    }
    const averages = trace(({ x }) => avgPool2d(x, { ...spec, countPadding: false }), { x: [2, height, width] });
    const means = images.flatMap((image) =>
      places.map((list) => list.reduce((sum, at) => sum + image[at], 0) / list.length),
    );
    expect(evaluate(averages, { x }, "float64").output).toEqual(means);
    const ties = images.flatMap((image, n) =>
      places.map((list, w) => list.filter((at) => image[at] === maxima[n * places.length + w]).length),
    );
    const counted = evaluate(withTies(census(program)), { x }, "float32");
    expect(counted["ties:maxpool.tie@0"]).toEqual(ties);
    expect(counted["census:maxpool.tie@0"]).toEqual([ties.filter((k) => k > 1).length]);
  });
});

describe("order of sums", () => {
  test("an element sums over its windows in increasing order, in the accumulate format", () => {
    const program = pool({ window: [1, 3], stride: 1 }, [1, 5]);
    const [a, b, c] = [2 ** 24, 1, 1];
    expect(adjoint(program, "first", [0, 0, 9, 0, 0], [a, b, c], "float32")).toEqual([0, 0, 2 ** 24, 0, 0]);
    expect(adjoint(program, "first", [0, 0, 9, 0, 0], [b, c, a], "float32")).toEqual([0, 0, 2 ** 24 + 2, 0, 0]);
    const narrow = { store: "float16", accumulate: "float32" };
    expect(adjoint(program, "first", [0, 0, 9, 0, 0], [2048, 1, 1], narrow)).toEqual([0, 0, 2050, 0, 0]);
  });
  test("blocks cut the windows of an element", () => {
    const program = pool({ window: [1, 3], stride: 1 }, [1, 5]);
    const found = adjoint(program, "first", [0, 0, 9, 0, 0], [2 ** 24, 1, 1], { store: "float32", block: 1 });
    expect(found).toEqual([0, 0, 2 ** 24, 0, 0]);
    const two = adjoint(program, "first", [0, 0, 9, 0, 0], [1, 2 ** 24, 1], { store: "float32", block: 2 });
    expect(two).toEqual([0, 0, 2 ** 24, 0, 0]);
  });
});

describe("a random maximum", () => {
  const windows = 4000;
  const program = pool({ window: [1, 4] }, [windows, 4]);
  const backward = joinedPullback(program, convention({ "maxpool.tie": "random" }));
  function taken(seed: number, step: number, backend: string): number[] {
    const engine = compile(backward, { precision: { store: "float32", seed }, backend });
    engine.write(
      "x",
      Array.from({ length: 4 * windows }, (_, i) => (i % 4 === 2 ? 0 : 1)),
    );
    engine.write("d:output", new Array<number>(windows).fill(1));
    engine.setStep(step);
    engine.run("program");
    const found = [...engine.buffer("d:x")];
    engine.dispose();
    return found;
  }
  test("is uniform over the ties, one per window", () => {
    const found = taken(5, 0, "wasm");
    const counts = [0, 1, 2, 3].map((tap) => found.filter((g, i) => i % 4 === tap && g === 1).length);
    expect(counts.reduce((a, b) => a + b)).toBe(windows);
    expect(counts[2]).toBe(0);
    for (const tap of [0, 1, 3])
      expect(Math.abs(counts[tap] - windows / 3)).toBeLessThan(4 * Math.sqrt(windows * (2 / 9)));
  });
  test("depends on seed and step, not on the backend", () => {
    const found = taken(5, 0, "wasm");
    expect(taken(5, 0, "js")).toEqual(found);
    expect(taken(5, 7, "js")).toEqual(taken(5, 7, "wasm"));
    expect(taken(2 ** 40 + 5, 7, "js")).toEqual(taken(2 ** 40 + 5, 7, "wasm"));
    const others = [taken(5, 1, "wasm"), taken(6, 0, "wasm"), taken(2 ** 32 + 5, 0, "wasm")];
    for (const other of others) expect(other).not.toEqual(found);
  });
});

describe("hybrid-forward (papers/maxpool 2.2)", () => {
  const program = pool({ window: 2 }, [1, 1, 4, 4]);
  const values = Array.from({ length: 16 }, (_, i) => ((i * 7) % 5) / 7);
  const mixed = (beta: number): ReturnType<typeof convention> =>
    convention({ "maxpool.tie": `hybrid-forward:${beta}` });
  test("is not local: it changes the forward, and keeps the node", () => {
    expect(isLocal(program, convention({ "maxpool.tie": "hybrid:10" }))).toBe(true);
    expect(isLocal(program, mixed(10))).toBe(false);
    const changed = forwardUnder(program, mixed(10));
    expect(changed.nodes.map(({ id }) => id)).toEqual(program.nodes.map(({ id }) => id));
    expect(isLocal(changed, mixed(10))).toBe(false);
    expect(forwardUnder(program, convention({ "maxpool.tie": "even" }))).toBe(program);
    expect(() => pullback(program, mixed(10))).toThrow(/forwardUnder/);
    expect(() => pullback(changed, convention({ "maxpool.tie": "even" }))).toThrow(/maxpool.tie/);
    expect(() => convention({}, { "maxpool.tie": "hybrid-forward:x" }, [])).toThrow();
  });
  test("beta 0 and 1 give the bits of native and minimal", () => {
    const g = [1, -2, 0.3, 7];
    for (const precision of ["float16", "float32", "float64"]) {
      const plain = evaluate(program, { x: values }, precision).output;
      for (const [beta, choice] of [
        [0, "native"],
        [1, "minimal"],
      ] as const) {
        expect(evaluate(forwardUnder(program, mixed(beta)), { x: values }, precision).output).toEqual(plain);
        const found = adjoint(program, `hybrid-forward:${beta}`, values, g, precision);
        expect(found.map((d) => d + 0)).toEqual(adjoint(program, choice, values, g, precision).map((d) => d + 0));
      }
    }
  });
  test("rounds both products and the sum, forward and backward; overflows in float16", () => {
    const forward = forwardUnder(program, mixed(1000));
    const fround = Math.fround;
    const expected = [0, 1, 2, 3].map((w) => {
      const at = 8 * (w >> 1) + 2 * (w & 1);
      const m = fround(Math.max(...[0, 1, 4, 5].map((i) => fround(values[at + i]))));
      return fround(fround(1000 * m) + fround(-999 * m));
    });
    expect(evaluate(forward, { x: values }, "float32").output).toEqual(expected);
    const untied = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    const noise = adjoint(program, "hybrid-forward:1000", untied, [0.1, 0.3, 0.7, 0.9], "float32");
    expect(noise[5]).toBe(fround(fround(1000 * fround(0.1)) + fround(-999 * fround(0.1))));
    expect(noise[5]).not.toBe(fround(0.1));
    const big = new Array<number>(16).fill(70);
    expect(evaluate(forward, { x: big }, "float16").output).toEqual(new Array(4).fill(Number.NaN));
    expect(evaluate(forward, { x: big.fill(65) }, "float16").output[0]).not.toBeNaN();
  });
  test("beta is a run-time scalar", () => {
    const engine = compile(forwardUnder(program, mixed(10)), { precision: "float32" });
    engine.write("x", values);
    engine.setChoice("maxpool.tie@0", 1);
    engine.run("program");
    expect([...engine.buffer("output")]).toEqual(evaluate(program, { x: values }, "float32").output);
    engine.dispose();
  });
});

describe("global pools, upsampling, errors", () => {
  const image = [1, 5, 2, 5, 0, 3, 3, 3, 3, 3, 3, 3];
  const run = (fn: (x: Tensor) => Tensor): number[] =>
    evaluate(
      trace(({ x }) => fn(x), { x: [2, 2, 3] }),
      { x: image },
      "float64",
    ).output;
  test("global pools keep two axes of extent 1", () => {
    expect(trace(({ x }) => globalMaxPool(x), { x: [4, 2, 7, 5] }).values[1].shape).toEqual([4, 2, 1, 1]);
    expect(run((x) => globalMaxPool(x))).toEqual([5, 3]);
    expect(run((x) => globalAvgPool(x))).toEqual([16 / 6, 3]);
    const program = trace(({ x }) => globalMaxPool(x), { x: [2, 2, 3] });
    expect(adjoint(program, "last", image, [1, 2])).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(adjoint(program, "even", image, [1, 6])).toEqual([0, 0.5, 0, 0.5, 0, 0, 1, 1, 1, 1, 1, 1]);
  });
  test("upsampling repeats pixels; its adjoint sums over the block", () => {
    const program = trace(({ x }) => upsampleNearest(x, [2, 3]), { x: [1, 2] });
    expect(evaluate(program, { x: [1, 2] }).output).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    const g = Array.from({ length: 12 }, (_, i) => i);
    expect(evaluate(joinedPullback(program), { x: [1, 2], "d:output": g })["d:x"]).toEqual([24, 42]);
  });
  test.each<[string, WindowSpec, readonly number[], RegExp]>([
    ["larger than the image", { window: 5 }, [1, 4, 4], /window \[5, 5\].*x \[1, 4, 4\].*no larger/],
    ["padding of a whole window", { window: 2, padding: 2 }, [4, 4], /padding \[2, 2\] with window \[2, 2\]/],
    ["no axes", { window: 2 }, [4], /expected \[\.\.\., height, width\]/],
    ["a fraction", { window: 1.5 }, [4, 4], /window is 1.5, expected a whole number or \[height, width\]/],
    ["three extents", { window: [2, 2, 2] as never }, [4, 4], /expected a whole number or \[height, width\]/],
    ["nothing", { window: 0 }, [4, 4], /window is 0, expected whole numbers from 1/],
    ["stride 0", { window: 2, stride: 0 }, [4, 4], /stride is 0, expected whole numbers from 1/],
    ["an empty image", { window: 1 }, [2, 0, 4], /no larger than the padded image/],
  ])("%s", (_, spec, shape, message) => {
    expect(() => pool(spec, shape)).toThrow(message);
  });
  test("a typo in a choice names the near one", () => {
    expect(() => joinedPullback(window, convention({ "maxpool.tie": "frist" }))).toThrow(/did you mean first/);
    expect(() => joinedPullback(window, convention({ "maxpool.tie": "hybrid:" }))).toThrow(/maxpool.tie/);
  });
  test("ties at 0 are silenced by relu in front, ties above are not", () => {
    const program = trace(({ x }) => maxPool2d(relu(x), { window: 2 }), { x: [2, 4] });
    const x = [-1, -2, 3, 3, -5, 0, 1, 3];
    const found = (choice: string): number[] =>
      evaluate(joinedPullback(program, convention({ "maxpool.tie": choice })), { x, "d:output": [1, 6] })["d:x"];
    expect(found("first")).toEqual([0, 0, 6, 0, 0, 0, 0, 0]);
    expect(found("even")).toEqual([0, 0, 2, 2, 0, 0, 0, 2]);
  });
});
