/** The experiments of papers/bn-relu at initialization run small, draw their figures and judge their claims. */
import { describe, expect, it } from "vitest";
import { experiments as all } from "../../experiments/index.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";

const initial = ["rate", "batch", "width", "networks", "activations", "inputs", "residual", "formats", "norms"];
const experiments = all.filter(({ id }) => initial.some((name) => id === `bn-relu/${name}`));

describe.each(experiments.map((e) => [e.id, e] as [string, Experiment]))("%s", (_, experiment) => {
  it("runs at scale quick, draws, and judges", { timeout: 120_000 }, async () => {
    const { rows, state, failures } = await runExperiment(experiment, { scale: "quick", workers: 0 });
    expect(failures).toEqual([]);
    expect(state).toBe("complete");
    expect(drawFigure(experiment.figure(rows as StoredRow[]))).toMatch(/^<svg/);
    for (const claim of experiment.claims) {
      const { verdict, ours } = claim.evaluate(rows as StoredRow[]);
      expect(["holds", "fails", "undecided"]).toContain(verdict);
      expect(ours).not.toMatch(/undefined/);
    }
  });

  it("has cells at every scale, and more of them at scale paper", () => {
    const count = (scale: "quick" | "minimal" | "paper"): number => trialParameters(experiment, scale, {}).length;
    expect(count("quick")).toBeGreaterThan(0);
    expect(count("paper")).toBeGreaterThanOrEqual(count("minimal"));
  });
});

it("the claims about initialization are there, each once", () => {
  const ids = experiments.flatMap((experiment) => experiment.claims.map((claim) => claim.id));
  const expected = [1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];
  expect(ids.sort()).toEqual(expected.map((i) => `bn-relu/C${i}`).sort());
});
