import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** Layers from the bottom up; a module imports from its own row and from rows above it in this list. */
const layers: readonly (readonly string[])[] = [
  ["base"],
  ["ir", "formats", "conventions"],
  ["ops", "backends"],
  ["autodiff", "compile"],
  ["analysis", "nn", "data"],
  ["lab"],
  ["experiments"],
  ["bench", "cli", "index"],
];

/** Arrows inside or between rows that composition rests on not having. */
const forbidden: readonly (readonly [from: string, to: string])[] = [
  ["ops", "backends"],
  ["ops", "formats"],
  ["backends", "ops"],
  ["conventions", "ops"],
  ["conventions", "formats"],
  ["data", "analysis"],
];

const root = join(import.meta.dirname, "..");
const files = ["src", "experiments", "bench"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

/** "src/ops/relu.ts" is in "ops", "src/compile.ts" in "compile". */
function layerOf(file: string): string {
  const [top, next] = file.split(/[\\/]/);
  return top === "src" ? next.replace(/\.ts$/, "") : top;
}

const rank = (layer: string): number => layers.findIndex((row) => row.includes(layer));

const arrows = files.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const targets = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map((match) =>
    relative(root, join(root, dirname(file), match[1])),
  );
  return targets.map((target) => ({ file, target, from: layerOf(file), to: layerOf(target) }));
});

describe("architecture", () => {
  test("every folder has a layer", () => {
    expect(files.map(layerOf).filter((layer) => rank(layer) < 0)).toEqual([]);
  });

  test("no import points up", () => {
    const up = arrows.filter(({ from, to }) => rank(to) > rank(from)).map(({ file, target }) => `${file} -> ${target}`);
    expect(up).toEqual([]);
  });

  test("ops, formats, conventions and backends do not mention each other", () => {
    const bad = arrows.filter(({ from, to }) => forbidden.some(([a, b]) => a === from && b === to));
    expect(bad.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });
});
