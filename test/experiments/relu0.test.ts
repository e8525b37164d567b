/** Every experiment of papers/relu0 runs small, draws its figure and judges its claims. */
import { describe, expect, it } from "vitest";
import { experiments as all } from "../../experiments/index.ts";
import { published, publishedCount } from "../../experiments/relu0/published.ts";
import { shareWithin, summarize } from "../../experiments/relu0/volume-rows.ts";
import type { ZoneStored } from "../../experiments/relu0/zone-trial.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { resolveParameters, trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";

const experiments = all.filter(({ paper }) => paper === "relu0");

const small: Readonly<Record<string, Record<string, unknown>>> = {
  "relu0/volume": { model: "784-16x2-10", samples: 512 },
  "relu0/change": { model: "784-16x2-10", samples: 512 },
  "relu0/variants": { model: "784-16x2-10", samples: 512 },
  "relu0/separation": {},
};

const own = experiments.filter(({ id }) => id in small);

describe.each(own.map((e) => [e.id, e] as [string, Experiment]))("%s", (id, experiment) => {
  it("runs at scale quick, draws, and judges", async () => {
    const parameters = small[id];
    const { rows, state } = await runExperiment(experiment, { scale: "quick", workers: 0, parameters });
    expect(state).toBe("complete");
    expect(rows.length).toBeGreaterThan(0);
    const svg = drawFigure(experiment.figure(rows as StoredRow[]));
    expect(svg).toMatch(/^<svg/);
    for (const claim of experiment.claims) {
      const { verdict, ours } = claim.evaluate(rows as StoredRow[]);
      expect(["holds", "fails", "undecided"]).toContain(verdict);
      expect(ours).not.toMatch(/undefined|NaN of/);
    }
  });

  it("has cells at every scale, and more of them at scale paper", () => {
    const count = (scale: "quick" | "minimal" | "paper"): number => trialParameters(experiment, scale, {}).length;
    expect(count("quick")).toBeGreaterThan(0);
    expect(count("paper")).toBeGreaterThanOrEqual(count("minimal"));
    expect(resolveParameters(experiment, "quick", {})).toBeTypeOf("object");
  });
});

describe("published numbers of E2", () => {
  it("are the counts of the paper's data, without the zeros that were filled in", () => {
    expect(published).toHaveLength(45);
    expect(publishedCount("depth", "784-256x3-10", 256, "float32")).toBe(463);
    expect(publishedCount("width", "784-256x3-10", 256, "float32")).toBe(478);
    expect(publishedCount("batch", "784-256x3-10", 256, "float32")).toBe(488);
    expect(publishedCount("width", "784-1024x3-10", 256, "float64")).toBe(0);
    expect(publishedCount("depth", "784-256-10", 256, "float64")).toBeUndefined();
  });

  it("are compared with one row per cell, wherever each network stopped", async () => {
    const parameters = { model: "784-16x2-10", samples: 512, format: "float16", bias: "once", inits: 3 };
    const { rows } = await runExperiment(experiments[1], { scale: "quick", workers: 0, parameters });
    const summary = summarize(rows as unknown as ZoneStored[]);
    expect(rows.every((row) => row.samples === 512)).toBe(true);
    expect(new Set(rows.map((row) => `${row.lossScale} ${row.operands}`)).size).toBe(summary.length);
    expect(summary.every((row) => row.inits % 3 === 0)).toBe(true);
  });

  it("shareWithin counts networks whose first hit lies within the first samples", () => {
    const rows = [0, 3, 39, null].map((firstHit) => ({ firstHit, batch: 256 }) as ZoneStored);
    expect(shareWithin(rows, 256).hits).toBe(1);
    expect(shareWithin(rows, 1024).hits).toBe(2);
    expect(shareWithin(rows, 10_000).hits).toBe(3);
    expect(shareWithin(rows, 60_000)).toEqual({ hits: 3, trials: 4, share: 0.75 });
  });
});
