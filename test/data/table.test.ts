/** Tables of numbers: text in any separator, arrays by file name, damaged files refused in one line. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeNpy, parseCsv, readTable } from "../../src/data/index.ts";

describe("text", () => {
  it("reads commas, semicolons, tabs and spaces, a header and comments", () => {
    expect(parseCsv("x, y\n# note\n1, 2\n-3e-1,4\n", "a.csv")).toEqual({
      rows: 2,
      columns: 2,
      values: Float64Array.of(1, 2, -0.3, 4),
    });
    expect(parseCsv("1 2\t3;4", "a.txt")).toMatchObject({ rows: 1, columns: 4 });
  });
  it.each([
    ["1,2\n3\n", "a.csv: line 2 has 1 numbers, expected 2"],
    ["1,2\n3,x\n", "a.csv: line 2: found 'x', expected a number"],
    ["", "a.csv: no numbers found"],
    ["a,b\n", "a.csv: no numbers found"],
    ["1,,2\n", "line 1: found '', expected a number"],
  ])("%j: %s", (text, message) => {
    expect(() => parseCsv(text, "a.csv")).toThrow(message);
  });
});

it("readTable chooses by the name, and flattens further axes", () => {
  const folder = mkdtempSync(join(tmpdir(), "nonsmooth-table-"));
  const path = join(folder, "a.npy");
  writeFileSync(
    path,
    encodeNpy({ type: "int64", shape: [2, 2, 2], values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8) }, "a"),
  );
  expect(readTable(path)).toEqual({ rows: 2, columns: 4, values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
  writeFileSync(path, encodeNpy({ type: "float64", shape: [2], values: Float64Array.of(1, 2) }, "a"));
  expect(() => readTable(path)).toThrow("a.npy: shape [2], expected points x coordinates");
  expect(() => readTable(join(folder, "none.csv"))).toThrow("none.csv: cannot be read (ENOENT)");
});
