/** The experiments on real networks run small: LeNet on MNIST, VGG11 on CIFAR files that the test writes. */
import { describe, expect, it } from "vitest";
import { experiments } from "../../experiments/index.ts";
import { histogram } from "../../experiments/maxpool/threshold.ts";
import type { TieRecord } from "../../experiments/maxpool/which-ties.ts";
import { zoneDefaults } from "../../experiments/zone-defaults.ts";
import { above, agreement, type ScanRow } from "../../experiments/zone-scan.ts";
import type { Experiment, StoredRow } from "../../src/lab/experiment.ts";
import { drawFigure } from "../../src/lab/figure.ts";
import { trialParameters } from "../../src/lab/parameters.ts";
import { runExperiment } from "../../src/lab/run.ts";
import { cifarRecords, folderWith } from "../data/support.ts";

/** Parameters that make a run short, and whether it reads the CIFAR files. */
const runs: Readonly<Record<string, { readonly parameters: Record<string, unknown>; readonly cifar: boolean }>> = {
  "maxpool/threshold": { parameters: {}, cifar: false },
  "maxpool/which-ties": { parameters: {}, cifar: false },
  "maxpool/volume": { parameters: { format: "float32" }, cifar: true },
  "relu0/conv-volume": { parameters: { model: "vgg11" }, cifar: true },
};

const two = cifarRecords([[3], [9]]);
const dataDir = folderWith(Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, two])));

const named = (id: string): Experiment => experiments.find((experiment) => experiment.id === id) as Experiment;
const measured = new Map<string, ReturnType<typeof runExperiment>>();

/** The rows at scale quick, measured once. */
async function quick(id: string): Promise<readonly StoredRow[]> {
  const { parameters, cifar } = runs[id];
  const place = cifar ? { dataDir } : {};
  const run = measured.get(id) ?? runExperiment(named(id), { scale: "quick", workers: 0, parameters, ...place });
  measured.set(id, run);
  const { rows, state } = await run;
  expect(state).toBe("complete");
  return rows;
}

describe.each(Object.keys(runs))("%s", (id) => {
  it("runs at scale quick, draws, and judges", { timeout: 600_000 }, async () => {
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
    expect(count("minimal")).toBeGreaterThan(count("quick"));
    expect(count("paper")).toBeGreaterThanOrEqual(count("minimal"));
  });
});

describe("stored scans", () => {
  it("say which copy of the data, what differed, and by how much", { timeout: 600_000 }, async () => {
    const rows = (await quick("maxpool/volume")) as unknown as readonly ScanRow[];
    for (const row of rows) {
      expect(row.dataVariant).toBe("unverified copy");
      expect(row.layers.map(({ layer }) => layer)).toContain("maxPool5");
      const lists = [row.hitL1, row.hitLinf, row.hitL2, row.hitBifurcates, row.hitReached, row.hitExactLinf];
      expect(lists.map((list) => list.length)).toEqual(lists.map(() => row.hitBatch.length));
      expect(row.hitL1.every((d, i) => d >= row.hitLinf[i])).toBe(true);
    }
  });

  it("are counted above a threshold, and compared with the exact judge", () => {
    const row = { hitLinf: [1, 3, 5], hitBifurcates: [false, true, null], scannedBatches: 10 } as unknown as ScanRow;
    expect(above([row, row], 2)).toEqual({ hits: 4, batches: 20, share: 0.2 });
    expect(agreement([row], 2)).toEqual({ agree: 2, judged: 2, bifurcations: 1 });
    expect(agreement([row], 4)).toEqual({ agree: 1, judged: 2, bifurcations: 1 });
  });

  it("have histograms by decades with published labels: the upper exponent", () => {
    const counts = histogram([1e-4, 9e-4, 1e-3, 0.02], 3);
    expect(Object.fromEntries(counts)).toEqual({ "0": 3, "-3": 2, "-2": 1, "-1": 1 });
  });
});

describe("maxpool/which-ties", () => {
  it("splits positive ties into three classes, and finds ties at 0 silent", async () => {
    const rows = (await quick("maxpool/which-ties")) as unknown as readonly TieRecord[];
    for (const row of rows) {
      expect(row.positive).toBe(row.sameField + row.samePatch + row.different);
      if (row.positive === 0) expect([row.l1, row.verdict]).toEqual([0, "none"]);
    }
    expect(rows.some(({ sameField }) => sameField > 0)).toBe(true);
  });
});

describe("defaults of the zone command", () => {
  it("are those of the kink's paper", () => {
    expect(zoneDefaults(["relu.zero=0,1"])).toMatchObject({
      model: "784-256x3-10",
      data: "mnist",
      batch: 256,
      init: "default",
    });
    expect(zoneDefaults(["maxpool.tie=native,minimal"])).toMatchObject({
      model: "lenet",
      batch: 128,
      init: "maxpool",
      normalisation: "half",
    });
    expect(zoneDefaults(["maxpool.tie=native,minimal"], "vgg11")).toMatchObject({
      data: "cifar10",
      normalisation: undefined,
    });
    expect(zoneDefaults(["relu.zero=0,1"], "resnet18")).toMatchObject({ data: "cifar10", batch: 128, init: "default" });
  });
});
