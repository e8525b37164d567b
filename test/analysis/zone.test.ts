/** Zones on small data: the one-unit network of papers/relu0 6.2, and the judges against each other. */
import { describe, expect, it } from "vitest";
import { ZoneMeter } from "../../src/analysis/zone/meter.ts";
import { cellOf, type ZoneParameters } from "../../src/analysis/zone/parameters.ts";
import { zoneRow } from "../../src/analysis/zone/rows.ts";
import type { ImageSet } from "../../src/data/image-set.ts";

/** 24 images of 8 pixels, a third of them zero. */
function images(count = 24): ImageSet {
  const pixels = Uint8Array.from({ length: count * 8 }, (_, i) => ((i * 37) % 3 === 0 ? 0 : (i * 101) % 256));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const shape = { count, channels: 1, height: 2, width: 4, classes: 3 };
  const source = { checksum: "sha256:0", standard: false, variant: "made up", skipped: [] };
  return { name: "toy", split: "train", ...shape, images: pixels, labels, ...source };
}

function cell(over: Partial<ZoneParameters>): ZoneParameters {
  return { model: "8-16x2-3", format: "float16", samples: 20, batch: 8, seed: 1, all: true, ...over };
}

describe("zone", () => {
  it("counts zeros, hits and both variants from one forward", () => {
    const parameters = cell({ format: "float8_e4m3", lossScale: 256 });
    const meter = new ZoneMeter(images(), cellOf(parameters), "js");
    const scans = [0, 1, 2, 3].map((network) => meter.scan(network));
    const row = zoneRow(cellOf(parameters), scans);
    expect(row.samples).toBe(80);
    expect(row.batches).toBe(12);
    expect(row.batchesOccur).toBeGreaterThanOrEqual(row.batchesDiffer);
    expect(row.batchesDiffer).toBeGreaterThan(0);
    expect(row.batchesBifurcate).toBeLessThanOrEqual(row.batchesDiffer);
    expect(row.hitFirstLayer).toBeLessThanOrEqual(row.hit);
    expect(row.zeros.some((share) => share > 0)).toBe(true);
  });

  it("gives the same scans on every backend", () => {
    for (const format of ["float16", "float32", "float8_e5m2"]) {
      const parameters = cell({ format });
      const [a, b] = ["js", "wasm"].map((backend) => {
        const { seconds: _, ...scan } = new ZoneMeter(images(), cellOf(parameters), backend).scan(3);
        return scan;
      });
      expect(b).toEqual(a);
    }
  });

  it("stops at the first hit unless all are asked for", () => {
    const parameters = cell({ format: "float8_e4m3", lossScale: 256 });
    const all = new ZoneMeter(images(), cellOf(parameters), "js").scan(0);
    const first = new ZoneMeter(images(), cellOf({ ...parameters, all: false }), "js").scan(0);
    expect(all.hits.length).toBeGreaterThan(0);
    expect(first.hits).toEqual(all.hits.slice(0, 1));
    expect(first.batches).toBe((all.firstHit ?? 0) + 1);
  });

  it("refuses what does not fit before measuring", () => {
    const meter = (over: Partial<ZoneParameters>) => () => new ZoneMeter(images(), cellOf(cell(over)), "js");
    expect(meter({ batch: 21 })).toThrow(/--batch is 21; it cannot exceed the 20 samples/);
    expect(meter({ samples: 25 })).toThrow(/--samples is 25; the data set has 24/);
    expect(meter({ model: "9-4-3" })).toThrow(/takes 9 inputs; the images have 8/);
    expect(meter({ model: "8-4-2" })).toThrow(/has 2 outputs; the data set has 3 classes/);
    expect(meter({ model: "8--4" })).toThrow(/is not a layer size/);
    expect(meter({ lossScale: 3 })).toThrow(/power of two/);
    expect(meter({ init: "kaimng-uniform" })().scan.bind(meter({ init: "kaimng-uniform" })(), 0)).toThrow(
      /kaiming-uniform/,
    );
  });
});
