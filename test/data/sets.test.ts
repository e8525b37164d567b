/** Image folders, npz sets, Fashion-MNIST, and what all sets have in common. */
import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { describe, expect, test } from "vitest";
import { mnistPackageDirectory } from "../../src/data/idx-set.ts";
import {
  dataSets,
  encodeNpz,
  fashionMnistChecksums,
  type ImageSet,
  inMemory,
  loadFashionMnist,
  loadImageFolder,
  loadImages,
  loadNpz,
  type PictureSet,
  type Tensor,
} from "../../src/data/index.ts";
import { bytesOf, folder, folderWith, vectors } from "./support.ts";

const flat = (width: number, height: number, level: number): Uint8Array =>
  encodePng({ width, height, data: new Uint8Array(3 * width * height).fill(level), channels: 3 });
const jpegOf = (width: number, height: number, level: number): Uint8Array =>
  Uint8Array.from(jpeg.encode({ width, height, data: new Uint8Array(4 * width * height).fill(level) }, 100).data);

const photos = {
  "imagenet/val/n02/b.JPEG": jpegOf(40, 30, 90),
  "imagenet/val/n02/a.png": flat(30, 40, 60),
  "imagenet/val/n01/x.jpg": flat(33, 33, 10),
  "imagenet/val/n01/.hidden.jpg": "",
  "imagenet/val/n01/notes.txt": "no image",
};

describe("image folders", () => {
  test("classes by sorted folder name, images by sorted file name, decoded when asked for", () => {
    const root = folderWith(photos);
    const set = loadImages("imagenet", { dataDir: root, size: 28 }) as PictureSet;
    expect([set.count, set.split, set.classes, [...set.labels], set.height, set.resize]).toEqual([
      3,
      "val",
      2,
      [0, 1, 1],
      28,
      32,
    ]);
    expect([0, 1, 2].map((i) => set.picture(i).height)).toEqual([33, 40, 30]);
    expect([0, 1, 2].map((i) => set.picture(i).pixels[0])).toEqual([10, 60, 90]);
    expect(set.variant).toBe("3 images of 2 classes");
    for (const dataDir of [join(root, "imagenet"), join(root, "imagenet/val")]) {
      expect(loadImageFolder({ dataDir, split: "val" }).checksum).toBe(set.checksum);
    }
    const packed = inMemory(set);
    expect(packed.images.length).toBe(3 * 3 * 28 * 28);
    expect([packed.images[0], packed.images[3 * 784], packed.images[6 * 784]]).toEqual([10, 60, 90]);
    expect("picture" in packed).toBe(false);
  });

  test("a bad image is named, or left out and counted", () => {
    const root = folderWith({
      ...photos,
      "imagenet/val/n01/bad.JPEG": "<html>",
      "imagenet/val/n02/cut.jpg": jpegOf(40, 30, 9).subarray(0, 400),
    });
    const set = loadImageFolder({ dataDir: root, size: 28 });
    expect(set.count).toBe(5);
    expect(() => inMemory(set)).toThrow("n01/bad.JPEG: found a web page, expected a JPEG or a PNG");
    const progress: number[] = [];
    const kept = loadImageFolder({ dataDir: root, size: 28, skipBad: true, progress: (done) => progress.push(done) });
    expect([kept.count, [...kept.labels], kept.skipped.length, progress]).toEqual([3, [0, 1, 1], 2, [1, 2, 3, 4, 5]]);
    expect(kept.skipped[1]).toBe("n02/cut.jpg: damaged JPEG (truncated: no end marker)");
    expect(kept.checksum).toBe(set.checksum);
    expect(inMemory(kept).count).toBe(3);
    const hopeless = folderWith({ "val/n01/a.jpg": "x" });
    expect(() => loadImageFolder({ dataDir: hopeless, skipBad: true })).toThrow(/^n01\/a.jpg: .*; no image is left$/);
  });

  test("no class, an empty class, an empty folder", () => {
    const load = (files: Record<string, string>) => () => loadImageFolder({ dataDir: folderWith(files), split: "val" });
    expect(load({ "val/a.jpg": "x" })).toThrow("found images but no folder per class, expected <class>/<image>");
    expect(load({ "val/readme": "x" })).toThrow("found an empty folder, expected <class>/<image>");
    expect(load({ "val/n01/a.jpg": "x", "val/n02/notes": "x" })).toThrow("val/n02: no image in the folder of a class");
    expect(load({})).toThrow(/^imagenet: not found in .*; expected imagenet\/val\/<class>\/<image>/);
    expect(() => loadImageFolder({ dataDir: folderWith(photos), size: 0 })).toThrow(
      "size is 0; expected a whole number",
    );
  });
});

const tensor = (type: string, shape: number[], values: Tensor["values"]): Tensor => ({ type, shape, values });
const npz = (entries: Record<string, Tensor>): string =>
  folderWith({ "train.npz": encodeNpz(new Map(Object.entries(entries)), "train.npz") });

describe("npz", () => {
  test("bytes and floats, with or without channels, as NumPy wrote them or in one file for all splits", () => {
    const numpy = folderWith({ "train.npz": bytesOf(vectors.npz.compressed) });
    const set = loadNpz({ dataDir: numpy }) as ImageSet;
    expect([set.count, set.channels, set.height, set.classes]).toEqual([6, 3, 32, 10]);
    expect(Buffer.from(set.images).equals(bytesOf(vectors.pixels))).toBe(true);
    expect(loadNpz({ dataDir: join(numpy, "train.npz") }).checksum).toBe(set.checksum);
    const both = npz({
      x_train: tensor("float32", [2, 1, 2], Float32Array.of(0, 0.5, 1, 0.25)),
      y_train: tensor("int64", [2], Float64Array.of(1, 300)),
    });
    const floats = loadNpz({ dataDir: both });
    expect([floats.channels, floats.height, floats.width, floats.classes, [...floats.labels]]).toEqual([
      1,
      1,
      2,
      301,
      [1, 300],
    ]);
    expect("floats" in floats && [...floats.floats]).toEqual([0, 0.5, 1, 0.25]);
    expect(() => inMemory(floats)).toThrow("npz: pixels are floats; this needs bytes");
  });

  test("NaN pixels, wrong labels and other arrays are named", () => {
    const images = tensor(
      "float32",
      [3, 1, 1, 2],
      Float32Array.of(0, 1, Number.NaN, Number.NaN, 1, Number.POSITIVE_INFINITY),
    );
    const dataDir = npz({ images, labels: tensor("int32", [3], Int32Array.of(0, 1, 2)) });
    expect(() => loadNpz({ dataDir })).toThrow(
      "train.npz: images: found NaN in image 1, pixel 0; expected finite pixels; 1 more bad image (--skip-bad",
    );
    const kept = loadNpz({ dataDir, skipBad: true });
    expect([kept.count, kept.skipped.length, "floats" in kept && [...kept.floats]]).toEqual([1, 2, [0, 1]]);
    const good = tensor("uint8", [2, 1, 1], Int32Array.of(7, 8));
    const labels = (values: number[]): Tensor => tensor("int32", [values.length], Int32Array.from(values));
    expect(() => loadNpz({ dataDir: npz({ images: good, labels: labels([0, -1]) }) })).toThrow("found label -1 at 1");
    expect(() => loadNpz({ dataDir: npz({ images: good, labels: labels([0]) }) })).toThrow(
      "found int32 [1], expected integers [2]",
    );
    expect(() => loadNpz({ dataDir: npz({ images: good }) })).toThrow(
      "train.npz: found images; expected images and labels",
    );
    expect(() =>
      loadNpz({ dataDir: npz({ x: tensor("int16", [1, 1, 1], Int32Array.of(1)), y: labels([0]) }) }),
    ).toThrow("x: found int16, expected uint8 or floats");
    expect(() =>
      loadNpz({ dataDir: npz({ x: tensor("uint8", [2], Int32Array.of(1, 2)), y: labels([0, 0]) }) }),
    ).toThrow("x: found [2], expected [count, height, width]");
    const last = tensor("uint8", [1, 6, 6, 3], new Int32Array(108));
    expect(() => loadNpz({ dataDir: npz({ x: last, y: labels([0]) }) })).toThrow(
      "x: found [1, 6, 6, 3], channels last; move the channels to the front",
    );
    expect(() => loadNpz()).toThrow("npz: pass --data-dir with train.npz or data.npz in it, or an .npz file");
  });
});

describe("Fashion-MNIST", () => {
  test("MNIST's own files are not taken for it", () => {
    const root = folder();
    for (const name of ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]) {
      copyFileSync(join(mnistPackageDirectory() as string, name), join(root, name));
    }
    expect(() => loadFashionMnist({ dataDir: root, split: "test" })).toThrow(/damaged, or not Fashion-MNIST/);
    expect(Object.keys(fashionMnistChecksums)).toHaveLength(4);
  });

  test("installed: the published files; else how to get them", () => {
    const set = dataSets.find(({ name }) => name === "fashion-mnist");
    if (set?.installed() === true) {
      const images = loadFashionMnist({ split: "test" });
      expect([images.count, images.standard, images.variant]).toEqual([10000, true, "published files"]);
    } else expect(() => loadFashionMnist()).toThrow("Debian's package dataset-fashion-mnist is not installed");
  });
});

describe("all sets", () => {
  test("the first images; wrong labels left out", () => {
    const idx = (shape: number[], data: number[]): Uint8Array =>
      Uint8Array.of(0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...data);
    const dataDir = folderWith({
      "mnist/train-images-idx3-ubyte": idx([3, 1, 2], [1, 2, 3, 4, 5, 6]),
      "mnist/train-labels-idx1-ubyte": idx([3], [7, 12, 9]),
    });
    expect(() => loadImages("mnist", { dataDir })).toThrow(
      "train-labels-idx1-ubyte: found label 12 at 1, expected 0 to 9",
    );
    const set = loadImages("mnist", { dataDir, skipBad: true }) as ImageSet;
    expect([[...set.images], [...set.labels], set.skipped.length, set.variant]).toEqual([
      [1, 2, 5, 6],
      [7, 9],
      1,
      "own files",
    ]);
    const first = loadImages("mnist", { dataDir, skipBad: true, limit: 1 }) as ImageSet;
    expect([first.count, [...first.images], [...first.labels]]).toEqual([1, [1, 2], [7]]);
    expect(() => loadImages("mnist", { dataDir, skipBad: true, limit: 3 })).toThrow(
      "the first 3 images were asked for; it has 2",
    );
  });

  test("every set says where it would be and how to obtain it", () => {
    const empty = folder();
    for (const set of dataSets) {
      expect(set.splits.length).toBeGreaterThan(0);
      expect(set.obtain.length).toBeGreaterThan(10);
      for (const split of set.splits) {
        expect(set.find(split, empty), set.name).toBeUndefined();
        expect(() => set.load({ dataDir: empty, split }), set.name).toThrow(/not found in/);
      }
      expect(set.find(set.splits[0], join(empty, "absent"))).toBeUndefined();
    }
    writeFileSync(join(empty, "file"), "");
    expect(existsSync(join(empty, "file"))).toBe(true);
    rmSync(empty, { recursive: true });
  });
});
