/** Zones of networks that are no multilayer perceptrons: ties, rectifiers beside them, several kinks, noise. */
import { describe, expect, it } from "vitest";
import type { ZoneCell } from "../../src/analysis/zone/cell.ts";
import { comparisonOf, parseSetting, showSetting } from "../../src/analysis/zone/comparison.ts";
import { differs } from "../../src/analysis/zone/difference.ts";
import { loaderOf, ZoneMeter } from "../../src/analysis/zone/meter.ts";
import type { ZoneModel } from "../../src/analysis/zone/model.ts";
import { zoneNetwork } from "../../src/analysis/zone/network.ts";
import { cellOf, type ZoneParameters } from "../../src/analysis/zone/parameters.ts";
import { zoneRow } from "../../src/analysis/zone/rows.ts";
import { estimateTau } from "../../src/analysis/zone/threshold.ts";
import { stream } from "../../src/base/random.ts";
import type { ImageSet } from "../../src/data/image-set.ts";
import { formatNamed } from "../../src/formats/named.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { linear, reduceMax, relu, relu6, reshape, softmaxCrossEntropy } from "../../src/ops/index.ts";

/** 24 images of 8 pixels in pairs: 0 1 | 0 1 | ..., so that positions see equal patches now and then. */
function images(): ImageSet {
  const pixels = Uint8Array.from({ length: 24 * 8 }, (_, i) => [0, 255, 51][(i * i + (i >> 3)) % 3]);
  const labels = Uint8Array.from({ length: 24 }, (_, i) => i % 3);
  const shape = { count: 24, channels: 1, height: 2, width: 4, classes: 3 };
  return { name: "toy", split: "train", ...shape, images: pixels, labels, ...origin };
}

const origin = { checksum: "sha256:0", standard: false, variant: "own files", skipped: [] };

type Pool = (z: Tensor) => Tensor;

/** Four positions of two pixels each, 6 channels by one shared layer, a maximum over the positions, 3 classes. */
function pooled(name: string, pool: Pool): ZoneModel {
  const shapes = { w1: [6, 2], b1: [6], w2: [3, 6], b2: [3] };
  return {
    name,
    input: [8],
    classes: 3,
    parameters: Object.keys(shapes),
    weights: ["w1", "w2"],
    work: 66,
    loss: (batch) =>
      trace(
        ({ x, w1, b1, w2, b2, labels }) => {
          const z = linear(reshape(x, [batch, 4, 2]), w1, b1);
          return { loss: softmaxCrossEntropy(linear(pool(z), w2, b2), labels) };
        },
        { x: [batch, 8], labels: { shape: [batch], type: "int32" }, ...shapes },
      ),
    draw: (_, seed, index) =>
      Object.fromEntries(
        Object.entries(shapes).map(([parameter, shape]) => {
          const draws = stream(seed, `test/${index}/${parameter}`);
          return [
            parameter,
            Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draws.uniform() - 0.5),
          ];
        }),
      ),
  };
}

const afterRelu = pooled("after", (z) => reduceMax(relu(z), [1]));
const beforeRelu = pooled("before", (z) => relu(reduceMax(z, [1])));
const bare = pooled("bare", (z) => reduceMax(z, [1]));
const rectified6 = pooled("relu6", (z) => reduceMax(relu6(z), [1]));

const firstEven = ["reduceMax.tie=first,even"];

function cell(model: ZoneModel, over: Partial<ZoneParameters> = {}): ZoneCell {
  const parameters = { model: "8-4-3", format: "float16", samples: 20, batch: 8, seed: 1, all: true, kinks: firstEven };
  return { ...cellOf({ ...parameters, ...over }), model };
}

const scan = (c: ZoneCell, network = 0, backend = "js") => new ZoneMeter(images(), c, backend).scan(network);

describe("zones of ties", () => {
  it("are the same on every backend", () => {
    for (const format of ["float32", "float16", "float8_e4m3"]) {
      const c = cell(afterRelu, { format, lossScale: 64, noise: 2 });
      const [a, b] = ["js", "wasm"].map((backend) => ({ ...scan(c, 2, backend), seconds: 0 }));
      expect(b).toEqual(a);
      expect(a.layers.map(({ kink }) => kink)).toEqual(["relu.zero", "reduceMax.tie"]);
    }
  });

  it("counts ties by the value tied for, and which of them may reach a parameter", () => {
    const [, after] = scan(cell(afterRelu)).layers;
    expect(after.on).toBe((after.atZero ?? 0) + (after.positive ?? 0));
    expect(after.atZero).toBeGreaterThan(0);
    expect(after.reaching).toBe(after.positive);
    const [before] = scan(cell(beforeRelu)).layers;
    expect(before.reaching).toBe(before.positive);
    expect(before.on).toBeGreaterThan(before.reaching);
    const [alone] = scan(cell(bare)).layers;
    expect(alone.reaching).toBe(alone.on);
    // Equal patches tie in float64 too.
    expect(alone.structural).toBeGreaterThan(0);
    expect(alone.structural).toBeLessThanOrEqual(alone.on);
  });

  it("drops only ties that no parameter sees", () => {
    let silent = 0;
    for (const model of [afterRelu, beforeRelu, rectified6]) {
      const c = cell(model, { batch: 1 });
      const { conventions, settings } = c.comparison;
      const compared = settings.map(({ kink }) => kink);
      const net = zoneNetwork(model, 1, conventions, compared, c.precision, "js");
      const loader = loaderOf(images(), { ...c, samples: 24 });
      net.engine.buffer("d:loss")[0] = 1;
      for (const network of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const weights = model.draw({ law: "default", draw: "float32", format: c.precision.store }, 1, network);
        for (const [name, values] of Object.entries(weights)) net.engine.write(name, values);
        for (let sample = 0; sample < 24; sample++) {
          loader.write(0, sample, net.engine.buffer("x") as Float32Array, net.engine.buffer("labels") as Int32Array);
          for (const name of ["forward", "kept"]) net.engine.run(name);
          const layer = net.layers.find(({ compared }) => compared);
          const read = (name: string | undefined): number => net.engine.buffer(name as string)[0];
          if (read(layer?.on) === 0 || read(layer?.reaching) > 0) continue;
          silent++;
          const { kernel, gradients } = net.contrasts.cut("product", net.layers.length - 1);
          net.engine.run(kernel as string);
          const other = net.parameters.map((name) => net.engine.buffer(gradients.get(name) ?? `kept/d:${name}`));
          expect(differs(net.kept(), other)).toBe(false);
        }
      }
    }
    expect(silent).toBeGreaterThan(100);
  });

  it("drops none where the rectifier's choice is compared or is not 0", () => {
    const both = cell(afterRelu, { kinks: [...firstEven, "relu.zero=0,1"] });
    const layers = scan(both).layers;
    expect(layers.map(({ compared }) => compared)).toEqual([true, true]);
    expect(layers[1].reaching).toBe(layers[1].on);
    expect(both.comparison.contrasts.map(({ name }) => name)).toEqual(["product", "overwrite"]);
  });

  it("calls equal patches compensations and different ones bifurcations, by the exact judge", () => {
    const hits = [0, 1, 2, 3].flatMap(
      (network) => scan(cell(bare, { batch: 1, format: "float8_e4m3", lossScale: 64 }), network).hits,
    );
    expect(hits.filter(({ bifurcates }) => bifurcates === true).length).toBeGreaterThan(0);
    for (const hit of hits) {
      if (hit.bifurcates === true) expect(hit.exact?.linf).toBeGreaterThan(0);
      expect(hit.d.l1).toBeGreaterThanOrEqual(hit.d.linf);
      expect(hit.overwrite).toBeNull();
      expect(hit.reached).toBeGreaterThan(0);
    }
    // One image of equal pixels: all four positions see the same patch.
    const uniform: ImageSet = { ...images(), images: new Uint8Array(24 * 8).fill(77) };
    const same = [0, 1, 2, 3].flatMap(
      (n) => new ZoneMeter(uniform, cell(bare, { format: "float32", batch: 5 }), "js").scan(n).hits,
    );
    expect(same.filter(({ bifurcates }) => bifurcates !== false)).toEqual([]);
  });

  it("takes a difference above tau for a hit, and estimates tau where none is given", () => {
    const c = cell(bare, { format: "float32", noise: 3, tau: 0 });
    const scans = [0, 1, 2].map((network) => scan(c, network));
    const row = zoneRow(c, scans);
    expect(row.batchesHit).toBe(row.batchesDiffer);
    expect(row.noise.linf).toBeGreaterThan(0);
    expect(row.tauEstimate).toEqual(row.noise);
    const estimated = zoneRow({ ...c, tau: null }, scans);
    expect(estimated.tau).toBe(row.noise.linf);
    expect(estimated.batchesAboveTau).toBeLessThanOrEqual(row.batchesAboveTau);
    expect(estimated.judgesAgree).toBeLessThanOrEqual(estimated.batchesJudged);
    const stopping = { ...c, tau: 1e9, all: false };
    expect(scan(stopping).batches).toBe(3);
    expect(scan({ ...stopping, tau: 0 }).batches).toBeLessThan(3);
  });

  it("estimates tau by noise with 23 fraction bits, by the least difference below", () => {
    const d = (linf: number) => ({ l1: 2 * linf, linf, l2: null });
    expect(estimateTau(formatNamed("float32"), [d(1), d(3)], [d(9)])).toEqual({ l1: 6, linf: 3 });
    expect(estimateTau(formatNamed("float16"), [d(1)], [d(9), d(0), d(4)])).toEqual({ l1: 8, linf: 4 });
    expect(estimateTau(formatNamed("float16"), [d(1)], [])).toEqual({ l1: null, linf: null });
  });

  it("compares more than two choices with the first", () => {
    const c = cell(bare, { kinks: ["reduceMax.tie=first,even,last,all"] });
    expect(Object.keys(c.comparison.conventions)).toEqual(["kept", "product", "product2", "product3"]);
    const three = scan(c);
    expect(three.hits.length).toBeGreaterThanOrEqual(scan(cell(bare)).hits.length);
  });
});

describe("kink settings", () => {
  it("are read and written", () => {
    expect(showSetting(parseSetting("relu.zero=0, 1,overwrite:-2"))).toBe("relu.zero=0,1,overwrite:-2");
    expect(comparisonOf([parseSetting("maxpool.tie=native,minimal")]).settings[0].choices).toEqual(["first", "even"]);
  });

  it("are refused with what was found", () => {
    const refused =
      (...settings: string[]) =>
      () =>
        comparisonOf(settings.map(parseSetting));
    expect(refused("relu.zro=0,1")).toThrow(/unknown kink 'relu.zro'; did you mean relu.zero\?/);
    expect(refused("relu.zero=1")).toThrow(/found '1', expected two or more different choices/);
    expect(refused("relu.zero=0,1", "reduceMax.tie=first,even,last")).toThrow(
      /3 choices, expected 2, as for relu.zero/,
    );
    expect(refused("reduceMax.tie=first,evn")).toThrow(/evn/);
    expect(refused()).toThrow(/expected a kink and its choices/);
    expect(() => parseSetting("relu.zero")).toThrow(/expected a kink and its choices/);
  });
});
