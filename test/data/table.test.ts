/** Readers of .npy and text tables: what NumPy writes, and damaged files refused in one line. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCsv, parseNpy, readTable } from "../../src/data/index.ts";

/** An .npy file of version 1, as NumPy lays it out. */
function npy(descr: string, fortran: boolean, shape: readonly number[], body: Uint8Array): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${tuple}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + header.length + body.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(body, 10 + header.length);
  return bytes;
}

const bytesOf = (values: Float64Array | Float32Array | Int32Array | Uint8Array): Uint8Array =>
  new Uint8Array(values.buffer.slice(0) as ArrayBuffer);

describe(".npy", () => {
  it("reads little-endian float64, float32 and integers, in both orders", () => {
    expect(parseNpy(npy("<f8", false, [2, 2], bytesOf(Float64Array.of(1, -0, NaN, 2.5))), "a.npy")).toEqual({
      shape: [2, 2],
      values: Float64Array.of(1, -0, NaN, 2.5),
    });
    const fortran = npy("<f4", true, [2, 3], bytesOf(Float32Array.of(1, 4, 2, 5, 3, 6)));
    expect([...parseNpy(fortran, "a.npy").values]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...parseNpy(npy("<i4", false, [3], bytesOf(Int32Array.of(-1, 0, 7))), "a.npy").values]).toEqual([-1, 0, 7]);
    expect([...parseNpy(npy("|u1", false, [2], Uint8Array.of(0, 255)), "a.npy").values]).toEqual([0, 255]);
  });
  it("reads big-endian", () => {
    const body = new Uint8Array(8);
    new DataView(body.buffer).setFloat64(0, 3.25);
    expect([...parseNpy(npy(">f8", false, [1], body), "a.npy").values]).toEqual([3.25]);
  });
  it.each([
    [Uint8Array.of(1, 2, 3), "a.npy: not an .npy file"],
    [npy("<f8", false, [2, 2], new Uint8Array(24)), "a.npy: truncated: found"],
    [npy("<f8", false, [2], new Uint8Array(24)), "a.npy: trailing bytes: found"],
    [npy("<c16", false, [1], new Uint8Array(16)), "elements are '<c16', expected real numbers"],
  ])("refuses damaged files %#", (bytes, message) => {
    expect(() => parseNpy(bytes, "a.npy")).toThrow(message);
  });
});

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
  writeFileSync(path, npy("<f8", false, [2, 2, 2], bytesOf(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8))));
  expect(readTable(path)).toMatchObject({ rows: 2, columns: 4 });
  writeFileSync(path, npy("<f8", false, [2], new Uint8Array(16)));
  expect(() => readTable(path)).toThrow("a.npy: shape [2], expected points x coordinates");
  expect(() => readTable(join(folder, "none.csv"))).toThrow("none.csv: cannot be read (ENOENT)");
});
