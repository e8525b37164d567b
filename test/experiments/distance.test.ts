/** conventions/distance: settings of frameworks, distances against closed forms, and bounds where a preset is silent. */
import { describe, expect, it } from "vitest";
import { boundsBetween, causesOf, medianBetween } from "../../experiments/conventions/distance.ts";
import type { DistanceStored } from "../../experiments/conventions/distance-trial.ts";
import { experiments } from "../../experiments/index.ts";
import { PresetGradients, pairIndex } from "../../src/analysis/conventions/gradients.ts";
import { frameworks, kinkNames, presetSettings } from "../../src/analysis/conventions/presets.ts";
import type { ZoneModel } from "../../src/analysis/zone/model.ts";
import { presets } from "../../src/conventions/index.ts";
import { precision } from "../../src/formats/precision.ts";
import { trace } from "../../src/ir/trace.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";
import { maxPool2d, mul, relu, sum } from "../../src/ops/index.ts";

/** loss = sum of the pooled relu(w x); with w x = (0, 2, 2, 1) the gradient is w -> g x over the selected entries. */
const tiny: ZoneModel = {
  name: "tiny",
  input: [1, 2, 4],
  classes: 1,
  parameters: ["w"],
  weights: ["w"],
  work: 8,
  loss: (batch) =>
    trace(({ x, w }) => ({ loss: sum(maxPool2d(relu(mul(x, w)), { window: 2 })) }), {
      x: [batch, 1, 2, 4],
      w: [1, 1, 2, 4],
    }),
  draw: () => ({}),
};

const three = [
  { name: "a", choices: { "relu.zero": 0, "maxpool.tie": "first" } },
  { name: "b", choices: { "relu.zero": 1, "maxpool.tie": "even" } },
  { name: "c", choices: { "relu.zero": 1 } },
];

describe("presetSettings", () => {
  const program = tiny.loss(1);

  it("starts with the first framework, then one kink at a time, and leaves open what a preset does not say", () => {
    const { settings, frameworks: found, unsaid } = presetSettings(program, three);
    expect(settings.map(({ label }) => label)).toEqual([
      "relu.zero=0 maxpool.tie=first",
      "relu.zero=1 maxpool.tie=first",
      "relu.zero=0 maxpool.tie=even",
      "relu.zero=1 maxpool.tie=even",
    ]);
    expect(unsaid).toEqual([]);
    expect(found).toEqual([
      { name: "a", unknown: [], possible: [0] },
      { name: "b", unknown: [], possible: [3] },
      { name: "c", unknown: ["maxpool.tie"], possible: [1, 3] },
    ]);
  });

  it("names kinks that nobody says anything about, and keeps them out of the settings", () => {
    const { settings, unsaid } = presetSettings(program, [{ name: "a", choices: { "relu.zero": 0 } }]);
    expect(unsaid).toEqual(["maxpool.tie"]);
    expect(settings.map(({ label }) => label)).toEqual(["relu.zero=0"]);
  });

  it("knows every preset, and the back end of TensorFlow.js that takes the last", () => {
    const names = frameworks().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(presets.map(({ name }) => name)));
    expect(frameworks().find(({ name }) => name === "tfjs-4.22 wasm")?.choices["maxpool.tie"]).toBe("last");
    expect(kinkNames(program)).toEqual(["relu.zero", "maxpool.tie"]);
  });
});

describe("PresetGradients", () => {
  it("gives the distances of a network whose gradients are known", () => {
    const { kinks, settings } = presetSettings(tiny.loss(1), three);
    const gradients = new PresetGradients(tiny, 1, settings, precision("float32"), 2);
    // Left window: two entries tie for 2. Right window: all four tie for 0.
    const x = [4, 4, 8, 8, 1, 1, 8, 8];
    gradients.write({ x, w: [0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0] });
    gradients.run();
    expect(gradients.loss()).toBe(2);
    expect(gradients.kinks(kinks)).toEqual([
      { kink: "relu.zero", elements: 8, on: 4 },
      { kink: "maxpool.tie", elements: 2, on: 2 },
    ]);
    // Loss scale 2. Gradients by setting: (8,0|0..), (8,0|16,0,0,0), (4,4|0..), (4,4|4,4,4,4).
    const { l2, linf, gradient } = { ...gradients.distances(), gradient: gradients.distances().norm };
    expect(gradient).toEqual({ l1: 8, l2: 8, linf: 8 });
    const pair = (i: number, j: number): number => pairIndex(i, j, settings.length);
    expect(linf[pair(0, 1)]).toBe(16);
    expect(l2[pair(0, 1)]).toBe(2);
    expect(linf[pair(0, 2)]).toBe(4);
    expect(l2[pair(0, 2)]).toBeCloseTo(Math.sqrt(32) / 8, 14);
    expect(linf[pair(1, 3)]).toBe(12);
    expect(l2[pair(2, 3)]).toBe(1);
    expect(linf).toHaveLength(6);
    gradients.dispose();
  });

  it("refuses a setting that changes the forward", () => {
    const mixed = [{ label: "mixed", choices: { "maxpool.tie": "hybrid-forward:10" } }];
    expect(() => new PresetGradients(tiny, 1, mixed, precision("float32"))).toThrow(/changes the forward/);
  });
});

describe("pairIndex", () => {
  it("numbers all pairs once, in order", () => {
    const pairs = [0, 1, 2, 3, 4].flatMap((i) => [0, 1, 2, 3, 4].filter((j) => j > i).map((j) => pairIndex(i, j, 5)));
    expect(pairs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("conventions/distance", () => {
  const row = {
    settings: ["k=0 m=a", "k=1 m=a", "k=0 m=b", "k=1 m=b"],
    frameworks: [
      { name: "a", unknown: [], possible: [0] },
      { name: "b", unknown: [], possible: [3] },
      { name: "c", unknown: ["m"], possible: [1, 3] },
    ],
    kinks: [{ kink: "k", elements: 4, on: 2 }],
    l2: [0.1, 0, 0.3, 0.1, 0.2, 0.25],
    linf: [1, 0, 3, 1, 2, 2.5],
  } as unknown as DistanceStored;

  it("bounds a distance over what a preset leaves open, and guesses nothing", () => {
    expect(boundsBetween(row, "l2", 0, 1)).toEqual({ low: 0.3, high: 0.3 });
    expect(boundsBetween(row, "l2", 0, 2)).toEqual({ low: 0.1, high: 0.3 });
    expect(boundsBetween(row, "linf", 1, 2)).toEqual({ low: 0, high: 2 });
    expect(boundsBetween(row, "l2", 2, 2)).toEqual({ low: 0, high: 0 });
    expect(medianBetween([row, row], "l2", 0, 1)).toBe(0.3);
    expect(medianBetween([row], "l2", 0, 2)).toBeUndefined();
  });

  it("names the single kinks that move the gradient", () => {
    expect(causesOf([row]).map(({ setting, differing, l2, on }) => [setting, differing, l2, on])).toEqual([
      ["k=1", 1, 0.1, 2],
      ["m=b", 0, 0, 0],
    ]);
  });

  const experiment = experiments.find(({ id }) => id === "conventions/distance");
  if (experiment === undefined) throw new Error("conventions/distance is not registered");

  it("runs at scale quick and draws; presets without a pool rule stay open", async () => {
    const { rows, state } = await runExperiment(experiment, {
      scale: "quick",
      workers: 0,
      parameters: { model: "lenet" },
    });
    expect(state).toBe("complete");
    expect(rows).toHaveLength(5);
    for (const found of rows as unknown as readonly DistanceStored[]) {
      expect(found.copy).toBe("published files");
      expect(found.nan).toBe(0);
      expect(found.frameworks.find(({ name }) => name.startsWith("jax-2026"))?.unknown).toEqual(["maxpool.tie"]);
      const names = found.frameworks.map(({ name }) => name);
      const between = (a: string, b: string) => boundsBetween(found, "l2", names.indexOf(a), names.indexOf(b));
      expect(between("pytorch-1.13", "pytorch-2026.07")).toEqual({ low: 0, high: 0 });
      expect(between("pytorch-1.13", "jax-js-0.1.25").low).toBeGreaterThan(0);
    }
    expect(drawFigure(experiment.figure(rows))).toMatch(/^<svg/);
  });

  it("has cells for each data set at every scale", () => {
    const count = (scale: "quick" | "minimal" | "paper", data: string): number =>
      trialParameters(experiment, scale, { data }).length;
    for (const data of ["mnist", "cifar10"]) {
      expect(count("quick", data)).toBeGreaterThan(0);
      expect(count("minimal", data)).toBeGreaterThan(count("quick", data));
      expect(count("paper", data)).toBeGreaterThan(count("minimal", data));
    }
  });
});
