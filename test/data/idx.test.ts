import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { mnistPackageDirectory } from "../../src/data/idx-set.ts";
import { dataSetNamed, loadMnist, mnistChecksums, parseIdx, readIdx, scaled } from "../../src/data/index.ts";

const idx = (type: number, shape: readonly number[], data: readonly number[]): Uint8Array =>
  Uint8Array.from([
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
    ...data,
  ]);

const folder = (): string => mkdtempSync(join(tmpdir(), "nonsmooth-data-"));

describe("IDX", () => {
  test("every type code is read, big-endian", () => {
    expect(parseIdx(idx(0x08, [2, 2], [1, 2, 3, 255]), "f")).toEqual({
      shape: [2, 2],
      values: Uint8Array.of(1, 2, 3, 255),
    });
    expect(parseIdx(idx(0x09, [1], [255]), "f").values).toEqual(Int8Array.of(-1));
    expect(parseIdx(idx(0x0b, [1], [255, 254]), "f").values).toEqual(Int16Array.of(-2));
    expect(parseIdx(idx(0x0c, [1], [0, 0, 1, 0]), "f").values).toEqual(Int32Array.of(256));
    expect(parseIdx(idx(0x0d, [1], [0x80, 0, 0, 0]), "f").values).toEqual(Float32Array.of(-0));
    expect(parseIdx(idx(0x0e, [1], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]), "f").values).toEqual(Float64Array.of(1));
    expect(parseIdx(idx(0x08, [0, 3], []), "f")).toEqual({ shape: [0, 3], values: new Uint8Array(0) });
  });

  test("damage is named: file, found, expected", () => {
    expect(() => parseIdx(Uint8Array.of(0, 0), "f")).toThrow("f: found 2 bytes, expected an IDX header of at least 4");
    expect(() => parseIdx(idx(0x07, [1], [1]), "f")).toThrow("f: found magic 00 00 07 01, expected an IDX magic");
    expect(() => parseIdx(idx(0x08, [3], [1]), "f")).toThrow("f: truncated: found 9 bytes, expected 11 for [3]");
    expect(() => parseIdx(idx(0x08, [1], [1, 2]), "f")).toThrow(
      "f: trailing bytes: found 10 bytes, expected 9 for [1]",
    );
    expect(() => parseIdx(Uint8Array.of(0, 0, 8, 3, 0, 0), "f")).toThrow(
      "f: truncated: found 6 bytes, expected a header of 16",
    );
    expect(() => readIdx(join(folder(), "absent"))).toThrow("absent: cannot be read (ENOENT)");
  });

  test("a file cut anywhere is one error, gzipped or not", () => {
    const directory = folder();
    const plain = idx(0x0b, [2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const whole of [plain, gzipSync(plain)]) {
      for (let length = 0; length < whole.length; length++) {
        writeFileSync(join(directory, "cut"), whole.subarray(0, length));
        expect(() => readIdx(join(directory, "cut")), `length ${length}`).toThrow(/^cut: /);
      }
    }
  });

  test("gzipped files are recognised by their magic", () => {
    const directory = folder();
    const whole = gzipSync(idx(0x08, [3], [7, 8, 9]));
    writeFileSync(join(directory, "a"), whole);
    writeFileSync(join(directory, "b"), whole.subarray(0, 20));
    expect(readIdx(join(directory, "a")).values).toEqual(Uint8Array.of(7, 8, 9));
    expect(() => readIdx(join(directory, "b"))).toThrow("b: damaged gzip file");
  });
});

describe("MNIST", () => {
  const write = (images: Uint8Array, labels: Uint8Array, name = "-idx"): string => {
    const directory = folder();
    writeFileSync(join(directory, `train-images${name}3-ubyte`), images);
    writeFileSync(join(directory, `train-labels${name}1-ubyte.gz`), gzipSync(labels));
    return directory;
  };

  test("the package's files are the published ones", () => {
    const train = loadMnist();
    expect([train.count, train.height, train.width, train.standard]).toEqual([60000, 28, 28, true]);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const test = loadMnist({ split: "test" });
    expect([test.count, test.labels.length, test.images.length]).toEqual([10000, 10000, 7840000]);
    expect(Object.keys(mnistChecksums)).toHaveLength(4);
  });

  test("a directory may hold other data, with - or . and gzipped or not, and is labelled", () => {
    for (const name of ["-idx", ".idx"]) {
      const dataDir = write(idx(0x08, [2, 1, 2], [0, 255, 3, 4]), idx(0x08, [2], [1, 9]), name);
      const set = loadMnist({ dataDir });
      expect([set.count, set.height, set.width, set.standard]).toEqual([2, 1, 2, false]);
      expect(set.checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect([...scaled(set.images)]).toEqual([0, 1, Math.fround(3 / 255), Math.fround(4 / 255)]);
    }
  });

  test("a copy as long as the published file but with other bytes is refused", () => {
    const directory = folder();
    const installed = mnistPackageDirectory() as string;
    for (const name of ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]) {
      copyFileSync(join(installed, name), join(directory, name));
    }
    expect(loadMnist({ dataDir: directory, split: "test" }).standard).toBe(true);
    const labels = readFileSync(join(directory, "t10k-labels-idx1-ubyte"));
    labels[100] = (labels[100] + 1) % 10;
    writeFileSync(join(directory, "t10k-labels-idx1-ubyte"), labels);
    expect(() => loadMnist({ dataDir: directory, split: "test" })).toThrow(/^t10k-labels-idx1-ubyte: found checksum/);
  });

  test("wrong shapes, labels and missing files are refused", () => {
    const images = idx(0x08, [2, 1, 1], [1, 2]);
    expect(() => loadMnist({ dataDir: folder() })).toThrow("mnist: train-images-idx3-ubyte not found in");
    expect(() => loadMnist({ dataDir: write(idx(0x08, [2], [1, 2]), images) })).toThrow(
      "expected unsigned bytes [count",
    );
    expect(() => loadMnist({ dataDir: write(images, idx(0x08, [3], [1, 2, 3])) })).toThrow(
      "found [3], expected unsigned bytes [2]",
    );
    expect(() => loadMnist({ dataDir: write(images, idx(0x08, [2], [1, 10])) })).toThrow(
      "found label 10 at 1, expected 0 to 9",
    );
    expect(() => loadMnist({ dataDir: write(images.subarray(0, 17), idx(0x08, [2], [1, 2])) })).toThrow("truncated");
    expect(() => dataSetNamed("mnits")).toThrow("unknown data set 'mnits'; did you mean mnist?");
  });
});
