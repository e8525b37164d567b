/** Every experiment of papers/activations runs small, draws its figure and judges its claims. */
import { describe, expect, it } from "vitest";
import { experiments as all } from "../../experiments/index.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";

const experiments = all.filter(({ paper }) => paper === "activations");

describe.each(experiments.map((e) => [e.id, e] as [string, Experiment]))("%s", (_, experiment) => {
  it("runs at scale quick, draws, and judges", async () => {
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

it("claims C1 to C14 are there, each once", () => {
  const ids = experiments.flatMap((experiment) => experiment.claims.map((claim) => claim.id));
  expect(ids.sort()).toEqual(Array.from({ length: 14 }, (_, i) => `activations/C${i + 1}`).sort());
});
