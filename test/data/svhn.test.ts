import { describe, expect, test } from "vitest";
import { loadSvhn } from "../../src/data/index.ts";
import { bytesOf, folderWith, type MatOptions, matArray, matFile, pixel, vectors } from "./support.ts";

/** X [2, 3, 3, 4]: the value at (row, column, channel, image) says where it is. */
const at = (row: number, column: number, channel: number, image: number): number =>
  pixel(row + 10 * column + 40 * channel + 100 * image);
const columnMajor: number[] = [];
for (let n = 0; n < 4; n++) {
  for (let c = 0; c < 3; c++) for (let x = 0; x < 3; x++) for (let y = 0; y < 2; y++) columnMajor.push(at(y, x, c, n));
}
const labels = [1, 10, 9, 5];

const write = (options: MatOptions = {}, y: readonly number[] = labels): Uint8Array =>
  matFile(
    [
      matArray("X", [2, 3, 3, 4], columnMajor, { ...options, doubles: false }),
      matArray("y", [y.length, 1], y, options),
    ],
    options.little,
  );
const load = (file: Uint8Array, skipBad = false) =>
  loadSvhn({ dataDir: folderWith({ "svhn/train_32x32.mat": file }), skipBad });

describe("SVHN", () => {
  test("compressed or not, both byte orders, labels as bytes or doubles: column-major becomes row-major, 10 becomes 0", () => {
    for (const little of [true, false]) {
      for (const compress of [true, false]) {
        for (const doubles of [true, false]) {
          const set = load(write({ little, compress, doubles }));
          expect([set.count, set.height, set.width, [...set.labels]]).toEqual([4, 2, 3, [1, 0, 9, 5]]);
          const expected: number[] = [];
          for (let n = 0; n < 4; n++) {
            for (let c = 0; c < 3; c++)
              for (let y = 0; y < 2; y++) for (let x = 0; x < 3; x++) expected.push(at(y, x, c, n));
          }
          expect([...set.images]).toEqual(expected);
        }
      }
    }
  });

  test("files that SciPy wrote", () => {
    for (const file of Object.values(vectors.mat)) {
      const set = load(bytesOf(file));
      expect([set.count, set.channels, set.height, set.width]).toEqual([6, 3, 32, 32]);
      expect(Buffer.from(set.images).equals(Buffer.from(bytesOf(vectors.pixels)))).toBe(true);
      expect([...set.labels]).toEqual(vectors.labels.map((label) => label % 10));
      expect([set.variant, set.standard]).toEqual(["unverified copy", false]);
    }
  });

  test("a file cut anywhere, or with a flipped compressed bit, is one error", () => {
    for (const compress of [true, false]) {
      const file = write({ compress, doubles: true });
      for (let length = 0; length < file.length; length++) {
        expect(() => load(file.subarray(0, length))).toThrow(/^train_32x32\.mat: /);
      }
    }
    const file = write({ compress: true });
    for (let byte = 128 + 8; byte < file.length; byte += 7) {
      const flipped = file.slice();
      flipped[byte] ^= 16;
      expect(() => load(flipped), `byte ${byte}`).toThrow(/^train_32x32\.mat: /);
    }
  });

  test("other arrays, counts, labels and formats are refused with what was expected", () => {
    const x = matArray("X", [2, 3, 3, 4], columnMajor);
    expect(() => load(matFile([x]))).toThrow("train_32x32.mat: no array y; expected X and y");
    expect(() => load(write({}, [1, 2]))).toThrow("found 2 labels y, expected 4");
    expect(() => load(matFile([matArray("X", [6, 12], columnMajor), matArray("y", [1, 1], [1])]))).toThrow(
      "X is uint8 6 x 12, expected uint8 height x width x 3 x count",
    );
    expect(() => load(matFile([matArray("X", [1, 1, 3, 2], [1, 2, 3, 4, 5, 6], { doubles: true })]))).toThrow(
      "X is double",
    );
    expect(() => load(write({}, [1, 0, 11, 5]))).toThrow(
      "train_32x32.mat: found label 0 at 1, expected 1 to 10; 1 more",
    );
    const kept = load(write({ doubles: true }, [1, 0, 2.5, 5]), true);
    expect([[...kept.labels], kept.skipped.length, kept.images[18]]).toEqual([[1, 5], 2, at(0, 0, 0, 3)]);
    const header = new Uint8Array(200);
    header.set(new TextEncoder().encode("MATLAB 7.3 MAT-file"));
    expect(() => load(header)).toThrow("found a MATLAB 7.3 (HDF5) file, expected level 5");
    expect(() => load(new TextEncoder().encode("<html>not found</html>"))).toThrow("found no MATLAB level 5 header");
    expect(() => load(matFile([matArray("X", [40000, 40000, 3, 4], [1])]))).toThrow("found 1 bytes of uint8, expected");
    expect(() => loadSvhn({ dataDir: folderWith({ a: "" }), split: "extra" })).toThrow(
      "expected extra_32x32.mat in it or in svhn",
    );
  });
});
