import { inflateSync } from "node:zlib";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { barPanels, drawFigure, heatmap, lineWithBand, matrixPanel } from "../../src/lab/index.ts";
import { encodePng } from "../../src/lab/png.ts";

const { renderPng } = (await import(new URL("../../scripts/png.mjs", import.meta.url).href)) as {
  renderPng: (svg: string, dark?: boolean) => Uint8Array;
};

const bars = [
  { x: 1, series: "float32", value: 5, low: 3, high: 8, published: 5.4 },
  { x: 2, series: "float32", value: 25, low: 20, high: 31, published: 25.8 },
  { x: 1, series: "float64", value: 0, low: 0, high: 2 },
];

const labels = (svg: string): string[] =>
  [...parseHTML(svg).document.querySelectorAll("text")].map((element) => element.textContent ?? "");

describe("figure", () => {
  test("bars: a standalone file with legend, zero, published marks and a wrapped caption", () => {
    const caption = "M = 200 inits. ".repeat(20);
    const panels = barPanels({ yLabel: "share (%)", yDomain: [0, 100] }, [
      { title: "Depth <L>", xLabel: "layers", bars },
    ]);
    const svg = drawFigure({ title: "Zones & more", caption, panels });
    const text = labels(svg);
    for (const label of ["Zones & more", "Depth <L>", "float32", "float64", "95 % interval", "published", "0", "100"]) {
      expect(text).toContain(label);
    }
    expect(text.filter((line) => line.startsWith("M = 200") || line.includes("inits. M"))).not.toHaveLength(1);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).not.toMatch(/NaN|undefined|Infinity|<script/);
    expect(drawFigure({ title: "Zones & more", caption, panels })).toBe(svg);
  });

  test("tables of numbers: colors by size, white zeros, grey unknowns, short texts", () => {
    const panel = matrixPanel({
      title: "apart",
      rows: ["a", "b"],
      columns: ["c", "d"],
      values: [2.4e-8, 0.1149, 0, Number.NaN],
      labels: [undefined, undefined, undefined, "≥.1"],
      domain: [1e-8, 1],
    });
    const svg = drawFigure({ title: "Table", caption: "", panels: [panel] });
    for (const label of ["a", "b", "c", "d", "2e-8", ".11", "0", "≥.1"]) expect(labels(svg)).toContain(label);
    expect(svg.match(/fill="#b0b0b0"/g)).toHaveLength(1);
    expect(svg.match(/fill="#ffffff"/g)?.length).toBeGreaterThan(0);
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  test("lines: bands, events and decades", () => {
    const points = [0, 1, 2, 3].map((x) => ({
      series: "1 vs 0",
      x,
      y: x < 2 ? 0 : 10 ** -(7 - x),
      low: 0,
      high: 1e-3,
    }));
    const published = [{ series: "1 vs 0", x: 2, y: 1e-5 }];
    const events = [{ x: 2, label: "first zero" }];
    const scale = { yScale: "symlog", yConstant: 1e-7 } as const;
    const panel = lineWithBand({ xLabel: "iteration", yLabel: "L1", points, published, events, ...scale });
    const text = labels(drawFigure({ title: "t", caption: "c", panels: [panel] }));
    for (const label of ["first zero", "1e-7", "1e-3", "0", "published"]) expect(text).toContain(label);
  });

  test("a 200 x 200 heat map stays small and shows zeros", () => {
    const n = 200;
    const values = Float64Array.from({ length: n * n }, (_, i) => Math.abs((i % n) - Math.floor(i / n)) * 1e-8);
    const grid = { x: [-5e-6, 4.95e-6], y: [-5e-6, 4.95e-6], columns: n, rows: n } as const;
    const panel = heatmap({ ...grid, xLabel: "u", yLabel: "v", valueLabel: "|z|", values, colorScale: "log" });
    const svg = drawFigure({ title: "Zone", caption: "c", panels: [panel, panel] });
    expect(svg.length).toBeLessThan(300_000);
    expect(labels(svg)).toContain("exactly 0");
    const [light, dark] = [renderPng(svg), renderPng(svg, true)];
    expect(light.length).toBeGreaterThan(10_000);
    expect(dark).not.toEqual(light);
  });

  test("nothing to draw is still a file", () => {
    const panel = lineWithBand({ xLabel: "x", yLabel: "y", points: [], yScale: "log" });
    expect(drawFigure({ title: "t", caption: "", panels: [panel] })).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
  });
});

test("PNG: signature, header and unfiltered lines", () => {
  const rgb = Uint8Array.from({ length: 18 }, (_, i) => i);
  const png = encodePng(3, 2, rgb);
  expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([3, 2, 8, 2]);
  const length = png.readUInt32BE(33);
  expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, ...rgb.slice(0, 9), 0, ...rgb.slice(9)]);
});
