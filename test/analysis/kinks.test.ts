/** What lies on the kinks of small convolutional networks: fields, classes of ties, and what reaches a parameter. */
import { describe, expect, it } from "vitest";
import { tiedPlaces } from "../../src/analysis/kinks/dots.ts";
import { fieldOf, patchOf, sameField } from "../../src/analysis/kinks/field.ts";
import { KinkReport } from "../../src/analysis/kinks/report.ts";
import { classifyTies, tiesOf } from "../../src/analysis/kinks/ties.ts";
import type { ImageSet } from "../../src/data/image-set.ts";
import { precision } from "../../src/formats/precision.ts";
import { trace } from "../../src/ir/trace.ts";
import { add, conv2d, maxPool2d, relu } from "../../src/ops/index.ts";
import { windowsOf } from "../../src/ops/window.ts";
import { convNet, imageSet } from "./conv-net.ts";

const windows = (shape: number[], window = 2) => windowsOf("maxPool2d", shape, { window, stride: null, padding: 0 });

describe("fields", () => {
  it("are patches of the nearest convolution, and reach through strides to the image", () => {
    const program = trace(
      ({ x, w, v }) => ({
        y: relu(conv2d(maxPool2d(relu(conv2d(x, w, null, { padding: 1 })), { window: 2 }), v, null, { stride: 2 })),
      }),
      { x: [1, 1, 16, 16], w: [2, 1, 3, 3], v: [2, 2, 3, 3] },
    );
    const [{ value }] = program.outputs;
    expect(patchOf(program, value)).toMatchObject({ rows: { step: 2, first: 0, last: 2 } });
    // Taps 0 .. 2 of pooled rows at stride 2: rows 0 .. 5 of the first convolution, a row more on both sides of the image.
    expect(fieldOf(program, value)).toMatchObject({ value: 0, rows: { step: 4, first: -1, last: 6 } });
  });

  it("of a sum are the union, where both come from one image", () => {
    const program = trace(({ x, w, v }) => ({ y: add(conv2d(x, w, null, { padding: 1 }), conv2d(x, v)) }), {
      x: [1, 1, 6, 6],
      w: [1, 1, 3, 3],
      v: [1, 1, 1, 1],
    });
    expect(fieldOf(program, program.outputs[0].value)).toMatchObject({ rows: { step: 1, first: -1, last: 1 } });
  });

  it("are equal where the numbers are, with zeros outside or with nothing", () => {
    const image = { data: [1, 1, 0, 1, 1, 0, 0, 0, 0], shape: [1, 1, 3, 3] };
    const field = { value: 0, rows: { step: 1, first: 0, last: 0 }, columns: { step: 1, first: 0, last: 1 } };
    expect(sameField(image, field, 0, [0, 0], [1, 0], "zero")).toBe(true);
    expect(sameField(image, field, 0, [0, 0], [0, 1], "zero")).toBe(false);
    expect(sameField(image, field, 0, [2, 0], [2, 2], "zero")).toBe(true);
    expect(sameField(image, field, 0, [2, 0], [2, 2], "apart")).toBe(false);
    expect(sameField(image, field, 0, [1, 2], [2, 2], "apart")).toBe(true);
  });
});

describe("ties", () => {
  it("are found entry by entry, NaN beside NaN, negative ones too", () => {
    const data = [1, 1, 0, 2, 0, 1, 2, 2, NaN, 5, -1, -1, NaN, 5, -3, -2];
    const found = [...tiesOf({ data, shape: [1, 1, 4, 4] }, windows([1, 1, 4, 4]))];
    expect(found.map(({ value, entries }) => [value, entries.length])).toEqual([
      [1, 3],
      [2, 3],
      [NaN, 2],
      [-1, 2],
    ]);
    expect(found[0].entries).toEqual([
      [0, 0],
      [0, 1],
      [1, 1],
    ]);
  });

  it("are classified by value, and positive ones by what the tied entries see", () => {
    const image = { data: [3, 3, 0, 0, 3, 1, 0, 0], shape: [1, 1, 2, 4] };
    const field = { value: 0, rows: { step: 1, first: 0, last: 0 }, columns: { step: 1, first: 0, last: 0 } };
    const origin = { image, field };
    const classes = (patch: typeof origin | undefined, whole: typeof origin | undefined) =>
      classifyTies(image, windows([1, 1, 2, 4]), { patch, field: whole });
    expect(classes(undefined, undefined)).toEqual({
      windows: 2,
      ties: 2,
      atZero: 1,
      positive: 1,
      sameField: 0,
      samePatch: 0,
      different: 1,
    });
    expect(classes(origin, undefined)).toMatchObject({ samePatch: 1, different: 0 });
    expect(classes(origin, origin)).toMatchObject({ sameField: 1, samePatch: 0 });
  });

  it("become places of the image, with the share of channels", () => {
    const tie = (channel: number, value: number) => ({
      image: 0,
      channel,
      value,
      entries: [
        [0, 0],
        [0, 1],
      ] as const,
    });
    const places = tiedPlaces([tie(0, 0), tie(1, 0), tie(1, 3)], 4, [8, 8], [4, 4]);
    expect(places[0]).toEqual({ row: 0.5, column: 0.5, atZero: 0.5, other: 0.25 });
    expect(places[1].column).toBe(2.5);
  });
});

describe("kink report", () => {
  const settings = { precision: precision("float32"), batch: 4, init: "default", seed: 2 };

  it("says of every layer what lies on it and whether it reaches a parameter, the same on every backend", () => {
    const [js, wasm] = ["js", "wasm"].map((backend) => {
      const report = new KinkReport(convNet, imageSet("square"), { ...settings, backend });
      return [...report.rows()];
    });
    expect(wasm).toEqual(js);
    expect(js.map(({ kink }) => kink.replace(/@\d+/, ""))).toEqual([
      "relu.zero",
      "maxpool.tie",
      "relu.zero",
      "maxpool.tie",
    ]);
    const [, first] = js;
    // A square on black: fields are equal on the ground.
    expect(first.ties?.sameField).toBeGreaterThan(0);
    expect(first.ties?.positive).toBe(
      (first.ties?.sameField ?? 0) + (first.ties?.samePatch ?? 0) + (first.ties?.different ?? 0),
    );
    expect(first.on).toBe(first.ties?.ties);
    expect(first.other).toBe("even");
    for (const { on, reaches, verdict, d } of js) {
      if (on === 0) expect([reaches, verdict, d.l1]).toEqual([[], "none", 0]);
      if (reaches.length > 0) expect(["compensation", "bifurcation"]).toContain(verdict);
    }
  });

  it("calls ties of equal fields compensations", () => {
    const uniform: ImageSet = {
      ...imageSet("square"),
      images: new Uint8Array(imageSet("square").images.length).fill(99),
    };
    // Without padding every entry of a layer sees the same field.
    const report = new KinkReport(convNet, uniform, settings);
    for (const { ties, verdict } of report.rows()) {
      if (ties === null || ties.positive === 0) continue;
      expect(ties.sameField).toBe(ties.positive);
      expect(verdict).not.toBe("bifurcation");
    }
  });

  it("finds unrelated ties in 8 bits, where they bifurcate", () => {
    const report = new KinkReport(convNet, imageSet("noise"), { ...settings, precision: precision("float8_e4m3") });
    const rows = [...report.rows()].filter(({ ties }) => ties !== null);
    expect(rows.some(({ ties }) => (ties?.different ?? 0) > 0)).toBe(true);
    expect(rows.some(({ verdict }) => verdict === "bifurcation")).toBe(true);
    const { ties, channels, height } = report.tiesOf(report.pools[0]);
    expect(ties.length).toBeGreaterThan(0);
    expect([channels, height]).toEqual([4, 8]);
  });
});
