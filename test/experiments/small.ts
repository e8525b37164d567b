/** What every experiment has to do at scale quick. */
import { describe, expect, it } from "vitest";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";

/** Each runs at scale quick, draws its figure and judges its claims. `timeout` in milliseconds. */
export function runSmall(
  experiments: readonly Experiment[],
  timeout: number,
  options: { readonly backend?: string } = {},
): void {
  describe.each(experiments.map((e) => [e.id, e] as [string, Experiment]))("%s", (_, experiment) => {
    it("runs at scale quick, draws, and judges", { timeout }, async () => {
      const { rows, state, failures } = await runExperiment(experiment, { scale: "quick", workers: 0, ...options });
      expect(failures).toEqual([]);
      expect(state).toBe("complete");
      expect(drawFigure(experiment.figure(rows as StoredRow[]))).toMatch(/^<svg/);
      for (const claim of experiment.claims) {
        const { verdict, ours } = claim.evaluate(rows as StoredRow[]);
        expect(["holds", "fails", "undecided"]).toContain(verdict);
        expect(ours).not.toMatch(/undefined/);
      }
    });
  });
}

/** Each has cells at every scale, and more of them at scale paper. */
export function haveCells(experiments: readonly Experiment[]): void {
  describe.each(experiments.map((e) => [e.id, e] as [string, Experiment]))("%s", (_, experiment) => {
    it("has cells at every scale, and more of them at scale paper", () => {
      const count = (scale: "quick" | "minimal" | "paper"): number => trialParameters(experiment, scale, {}).length;
      expect(count("quick")).toBeGreaterThan(0);
      expect(count("paper")).toBeGreaterThanOrEqual(count("minimal"));
    });
  });
}
