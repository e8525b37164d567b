/** Every experiment of papers/maxpool, and those on its networks, run small, draw and judge. */
import { describe, expect, it } from "vitest";
import { experiments } from "../../experiments/index.ts";
import type { WhereRecord } from "../../experiments/maxpool/where.ts";
import type { ZeroRecord, ZeroTrial } from "../../experiments/maxpool/zero-program.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";

const ids: readonly string[] = ["maxpool/zero-program", "maxpool/where", "maxpool/normpool"];

const named = (id: string): Experiment => experiments.find((experiment) => experiment.id === id) as Experiment;

const runs = new Map<string, ReturnType<typeof runExperiment>>();

/** The rows at scale quick, measured once. */
async function quick(id: string): Promise<readonly StoredRow[]> {
  const run = runs.get(id) ?? runExperiment(named(id), { scale: "quick", workers: 0 });
  runs.set(id, run);
  const { rows, state } = await run;
  expect(state).toBe("complete");
  return rows;
}

describe.each(ids)("%s", (id) => {
  it("runs at scale quick, draws, and judges", async () => {
    const rows = await quick(id);
    expect(rows.length).toBeGreaterThan(0);
    const experiment = named(id);
    expect(drawFigure(experiment.figure(rows))).toMatch(/^<svg/);
    for (const claim of experiment.claims) {
      const { verdict, ours } = claim.evaluate(rows);
      expect(["holds", "fails", "undecided"]).toContain(verdict);
      expect(ours).not.toMatch(/undefined|NaN/);
    }
  });

  it("has cells at every scale, and no fewer at scale paper", () => {
    const count = (scale: "quick" | "minimal" | "paper"): number => trialParameters(named(id), scale, {}).length;
    expect(count("quick")).toBeGreaterThan(0);
    expect(count("minimal")).toBeGreaterThanOrEqual(count("quick"));
    expect(count("paper")).toBeGreaterThanOrEqual(count("minimal"));
  });
});

describe("maxpool/zero-program", () => {
  it("gives the numbers of papers/maxpool 6.2 exactly", async () => {
    const rows = (await quick("maxpool/zero-program")) as unknown as readonly (ZeroTrial & ZeroRecord)[];
    const of = (x: string, format: string, construction: string, order: string) =>
      rows.find(
        (r) => r.x.startsWith(x) && r.format === format && r.construction === construction && r.order === order,
      );
    expect(of("1.14", "float32", "reduction", "left")?.derivative).toEqual(new Array(5).fill(2 ** -24));
    expect(of("1.14", "float32", "reduction", "left")?.zone).toEqual(new Array(5).fill("compensation"));
    expect(of("1.14", "float16", "reduction", "left")?.derivative).toEqual(new Array(5).fill(-(2 ** -11)));
    expect(of("1.4", "float64", "reduction", "left")?.derivative).toEqual(new Array(5).fill(-(2 ** -53)));
    expect(of("1.4", "float64", "reduction", "right")?.derivative).toEqual(new Array(5).fill(0));
    expect(of("1,2", "float16", "reduction", "left")?.derivative).toEqual([-1.5, 0, 0, 0, 0]);
    expect(of("1,2", "float16", "reduction", "left")?.zone[0]).toBe("bifurcation");
    // The maxima built of ReLU are subtracted the other way round.
    expect(of("1.14", "float32", "relu", "left")?.derivative[0]).toBe(-(2 ** -24));
    expect(rows.every((row) => row.value.every((value) => value === 0))).toBe(true);
  });
});

describe("maxpool/where", () => {
  it("finds nearly the whole background of the first image, and no pixel of a window without a tie", async () => {
    const [row, ten] = (await quick("maxpool/where")) as unknown as readonly WhereRecord[];
    expect([ten.windows, ten.imagesAtZero, ten.copy]).toEqual([1960, 10, "published files"]);
    expect(ten.ties).toBeGreaterThan(row.ties);
    expect(ten.pixels).toEqual(row.pixels);
    expect(ten.tied).toEqual(row.tied);
    expect(row.windows).toBe(196);
    expect(row.ties).toBe(row.atZero + row.saturated + row.other);
    expect(row.blackTied).toBeGreaterThan(0.85);
    const tied = Array.from({ length: row.tied.length / 2 }, (_, i) => [row.tied[2 * i], row.tied[2 * i + 1]]);
    for (const [r, c] of tied) {
      const [top, left] = [r - (r % 2), c - (c % 2)];
      const window = [0, 1, row.width, row.width + 1].map((offset) => row.pixels[top * row.width + left + offset]);
      const value = row.pixels[r * row.width + c];
      expect(Math.max(...window)).toBe(value);
      expect(window.filter((pixel) => pixel === value).length).toBeGreaterThan(1);
    }
  });
});
