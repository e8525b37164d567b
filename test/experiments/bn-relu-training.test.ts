/** The trainings of papers/bn-relu run small, draw their figures and judge their claims; data, controls and verdicts by hand. */
import { describe, expect, it } from "vitest";
import { controlled, controlNames } from "../../experiments/bn-relu/controls.ts";
import { ghost } from "../../experiments/bn-relu/ghost.ts";
import { largeBatch } from "../../experiments/bn-relu/large-batch.ts";
import { lossScale } from "../../experiments/bn-relu/loss-scale.ts";
import { mixture } from "../../experiments/bn-relu/mixture.ts";
import { contestants } from "../../experiments/bn-relu/rules.ts";
import { blockMatrices, drawTrainMlp, trainMlp } from "../../experiments/bn-relu/train-mlp.ts";
import { bnTraining } from "../../experiments/bn-relu/training.ts";
import { warmUp } from "../../experiments/bn-relu/warm-up.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { ruleNamed } from "../../src/nn/optimizers/index.ts";
import { runSmall } from "./small.ts";

const experiments = [bnTraining, largeBatch, warmUp, ghost, lossScale] as unknown as Experiment[];

runSmall(experiments, 60_000, { backend: "wasm" });

it("every contestant has a budget of four candidates that its rule accepts", () => {
  for (const { optimizer, candidates } of contestants) {
    expect(candidates).toHaveLength(4);
    for (const { more } of candidates) expect(() => ruleNamed(more ? `${optimizer},${more}` : optimizer)).not.toThrow();
  }
});

it("the mixture has ten balanced classes around centres of unit variance", () => {
  const { train, test } = mixture("easy", 1);
  expect([train.labels.length, test.labels.length, train.size]).toEqual([8192, 2048, 64]);
  const counts = Array.from({ length: 10 }, (_, c) => train.labels.filter((label) => label === c).length);
  for (const count of counts) expect(Math.abs(count - 819.2)).toBeLessThan(120);
  const square = train.inputs.reduce((sum, x) => sum + x * x, 0) / train.inputs.length;
  expect(square).toBeCloseTo(1 + 0.6 ** 2, 1);
  expect(mixture("easy", 1).train.inputs).toEqual(train.inputs);
});

it("controls keep what they say they keep", () => {
  const network = trainMlp(3, 16, 8);
  const parameters = drawTrainMlp(network, 1, 0);
  const x = Float64Array.from({ length: 32 }, (_, i) => Math.sin(i));
  const [first] = blockMatrices(network).map((i) => network.parameters[i].name);
  const norm = (w: Float64Array): number => Math.hypot(...w);
  for (const control of controlNames) {
    const found = controlled(control, { parameters, x }, network.parameters, 5);
    expect(norm(found.parameters[first])).toBeCloseTo(norm(parameters[first]), 10);
    const classifier = network.parameters.at(-2)?.name as string;
    expect(found.parameters[classifier]).toEqual(parameters[classifier]);
  }
  const sorted = (w: Float64Array): number[] => [...w].sort((a, b) => a - b);
  const permuted = controlled("permuted", { parameters, x }, network.parameters, 5).parameters[first];
  expect(sorted(permuted)).toEqual(sorted(parameters[first]));
  expect(permuted).not.toEqual(parameters[first]);
});

describe("verdicts of rows made by hand", () => {
  const evaluate = (experiment: Experiment, id: string, rows: readonly object[]): string =>
    experiment.claims.find((claim) => claim.id === id)?.evaluate(rows as StoredRow[]).verdict as string;
  const [training, large, warm, ghosts] = experiments;

  it("C4", () => {
    const row = (lr: number, step: number, rate: number) => ({
      model: "mlp",
      optimizer: "sgd",
      lr,
      step,
      control: "trained",
      rate,
      alignment: 1,
    });
    const rows = (fast: number) => [row(0.02, 0, 1.211), row(0.2, 10, fast), row(0.02, 20, 1.11)];
    expect(evaluate(training, "bn-relu/C4", rows(1.05))).toBe("holds");
    expect(evaluate(training, "bn-relu/C4", rows(1.15))).toBe("undecided");
    expect(evaluate(training, "bn-relu/C4", rows(1.2))).toBe("fails");
  });

  it("C7", () => {
    const row = (phase: string, rule: string, replica: number, accuracy: number) => {
      const e = replica === 0 ? -0.001 : 0.001;
      return { phase, rule, replica, accuracy: accuracy + e, lr: 1, batch: 512 };
    };
    const both = (candidate: number, scaling: number) =>
      ["toy", "final"].flatMap((phase) =>
        [0, 1].flatMap((replica) => [
          row(phase, "lalc-like-b", replica, candidate),
          row(phase, "lars", replica, scaling),
        ]),
      );
    expect(evaluate(large, "bn-relu/C7", both(0.5, 0.4))).toBe("holds");
    expect(evaluate(large, "bn-relu/C7", both(0.4, 0.5))).toBe("fails");
    expect(evaluate(large, "bn-relu/C7", both(0.4, 0.4005))).toBe("undecided");
    expect(evaluate(large, "bn-relu/C7", both(0.5, 0.4).slice(0, 4))).toBe("undecided");
    // A training that two cells share counts once.
    const shared = [...both(0.5, 0.4), ...both(0.5, 0.4)];
    const ours = (rows: readonly object[]) => large.claims[0].evaluate(rows as StoredRow[]).ours;
    expect(ours(shared)).toBe(ours(both(0.5, 0.4)));
  });

  it("C8", () => {
    const row = (rule: string, accuracy: number) => ({
      what: "length",
      depth: 20,
      lr: 0.2,
      replica: 0,
      rule,
      accuracy,
      diverged: false,
    });
    const rows = (candidate: number, warmed: number) => [
      ...[row("sgd", 0.3), row("sgd + warm-up", 0.2), row("sgd + warm-up", warmed), row("lalc-like-a", 0.1)],
      row("lalc-like-b", candidate),
    ];
    expect(evaluate(warm, "bn-relu/C8", rows(0.5, 0.5))).toBe("holds");
    expect(evaluate(warm, "bn-relu/C8", rows(0.4, 0.5))).toBe("fails");
    expect(evaluate(warm, "bn-relu/C8", rows(0.5, 0.31))).toBe("undecided");
  });

  it("C20", () => {
    const theory: Record<number, number> = {
      4: 1.756,
      8: 1.337,
      16: 1.261,
      32: 1.234,
      64: 1.222,
      128: 1.216,
      256: 1.214,
    };
    const rows = (of: (ghost: number) => number) =>
      Object.keys(theory).flatMap((size) =>
        [-0.002, 0.002].map((e) => ({ what: "rate", ghost: +size, theory: theory[+size], rate: of(+size) + e })),
      );
    expect(
      evaluate(
        ghosts,
        "bn-relu/C20",
        rows((size) => theory[size]),
      ),
    ).toBe("holds");
    expect(
      evaluate(
        ghosts,
        "bn-relu/C20",
        rows(() => theory[256]),
      ),
    ).toBe("fails");
    expect(evaluate(ghosts, "bn-relu/C20", rows((size) => theory[size]).slice(2))).toBe("undecided");
  });

  it("C19", () => {
    const rows = (large1: number | null) =>
      [0, 1].flatMap((replica) =>
        [
          [0.02, 20],
          [0.1, 3],
          [0.5, large1],
        ].map(([lr, t50]) => ({ what: "spread", depth: 40, momentum: 0, replica, lr, t50 })),
      );
    expect(evaluate(warm, "bn-relu/C19", rows(1))).toBe("holds");
    expect(evaluate(warm, "bn-relu/C19", rows(null))).toBe("fails");
  });
});
