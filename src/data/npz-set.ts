/** One's own labelled images in an .npz file: bytes or floats. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import { type LoadOptions, splitOf } from "./data-set.ts";
import { type BadImage, type FloatImageSet, type ImageSet, type Split, withoutBad } from "./image-set.ts";
import type { Tensor } from "./npy.ts";
import { parseNpz } from "./npz.ts";
import { isDirectory, notFound, readBytes, sha256 } from "./read-file.ts";

/** Names of the arrays: of a file per split, and of one file with all splits. */
const arrayNames = (split: Split): readonly (readonly [images: string, labels: string])[] => [
  ["images", "labels"],
  ["x", "y"],
  [`x_${split}`, `y_${split}`],
];

/** `DIR` itself where it is an .npz file, else `DIR/<split>.npz`, `DIR/data.npz`. */
export function npzFile(split: Split, dataDir?: string): string | undefined {
  if (dataDir === undefined) return undefined;
  if (!isDirectory(dataDir)) return dataDir.endsWith(".npz") && existsSync(dataDir) ? dataDir : undefined;
  return [`${split}.npz`, "data.npz"].map((name) => join(dataDir, name)).find((path) => existsSync(path));
}

/** [channels, height, width] of [count, ...]: two axes are one channel. */
function sizesOf(images: Tensor, where: string): [number, number, number] {
  const [count, ...rest] = images.shape;
  if (rest.length === 2) rest.unshift(1);
  if (rest.length !== 3 || count === 0 || rest.includes(0)) {
    const expected = "expected [count, height, width] or [count, channels, height, width]";
    throw new DataError(`${where}: found ${showShape(images.shape)}, ${expected}`);
  }
  const [first, , last] = rest;
  if (first > 4 && (last === 1 || last === 3)) {
    const fix = "move the channels to the front (transpose(0, 3, 1, 2))";
    throw new DataError(`${where}: found ${showShape(images.shape)}, channels last; ${fix}`);
  }
  return [rest[0], rest[1], rest[2]];
}

function labelsOf(labels: Tensor, count: number, where: string): { values: Uint16Array; bad: BadImage[] } {
  if (!(labels.values instanceof Int32Array || labels.type.includes("int")) || labels.values.length !== count) {
    throw new DataError(`${where}: found ${labels.type} ${showShape(labels.shape)}, expected integers [${count}]`);
  }
  const bad = [...labels.values].flatMap((label, index) =>
    label >= 0 && label < 65536
      ? []
      : [{ index, reason: `${where}: found label ${label} at ${index}, expected 0 to 65535` }],
  );
  return { values: Uint16Array.from(labels.values), bad };
}

/** Images with a pixel that is NaN or infinite. */
function notFinite(values: Float32Array, size: number, where: string): BadImage[] {
  const bad: BadImage[] = [];
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const index = Math.floor(i / size);
    bad.push({
      index,
      reason: `${where}: found ${values[i]} in image ${index}, pixel ${i % size}; expected finite pixels`,
    });
    i = (index + 1) * size - 1;
  }
  return bad;
}

/** The arrays of a split in a file. @throws DataError */
function arraysOf(
  bytes: Uint8Array,
  split: Split,
  name: string,
): { names: readonly [string, string]; arrays: [Tensor, Tensor] } {
  const tensors = parseNpz(bytes, name);
  const names = arrayNames(split).find(([images, labels]) => tensors.has(images) && tensors.has(labels));
  if (names === undefined) {
    const expected = arrayNames(split)
      .map((pair) => pair.join(" and "))
      .join(", or ");
    throw new DataError(`${name}: found ${[...tensors.keys()].join(", ") || "no array"}; expected ${expected}`);
  }
  return { names, arrays: [tensors.get(names[0]) as Tensor, tensors.get(names[1]) as Tensor] };
}

/** Number of images of a split in a file. @throws DataError */
export function countNpz(split: Split, path: string): number {
  return arraysOf(readBytes(path), split, basename(path)).arrays[0].shape[0];
}

/**
 * Arrays `images` and `labels` (or x and y, or x_train and y_train): [count, channels, height, width] or [count, height, width], uint8 or
 * floats; the classes are 0 .. the largest label.
 * @throws DataError naming file, array and image
 */
export function loadNpz(options: LoadOptions = {}): ImageSet | FloatImageSet {
  const split = splitOf("npz", options, ["train", "test"]);
  const path = npzFile(split, options.dataDir);
  if (path === undefined) throw notFound("npz", options.dataDir, `${split}.npz or data.npz in it, or an .npz file`);
  const name = basename(path);
  const bytes = readBytes(path);
  const { names, arrays } = arraysOf(bytes, split, name);
  const [images, given] = arrays;
  const [channels, height, width] = sizesOf(images, `${name}: ${names[0]}`);
  const size = channels * height * width;
  const labels = labelsOf(given, images.shape[0], `${name}: ${names[1]}`);
  const facts = { name: "npz", split, channels, height, width, checksum: `sha256:${sha256(bytes)}`, standard: false };
  const finish = (kept: { labels: Uint16Array; skipped: string[] }) => ({
    ...facts,
    count: kept.labels.length,
    classes: kept.labels.reduce((most, label) => Math.max(most, label), 0) + 1,
    labels: kept.labels,
    variant: "own file",
    skipped: kept.skipped,
  });
  if (images.type === "uint8") {
    const kept = withoutBad(Uint8Array.from(images.values), labels.values, size, labels.bad, options.skipBad);
    return { ...finish(kept), images: kept.pixels };
  }
  if (!images.type.startsWith("float")) {
    throw new DataError(`${name}: ${names[0]}: found ${images.type}, expected uint8 or floats`);
  }
  const floats = Float32Array.from(images.values);
  const marked = new Map([...notFinite(floats, size, `${name}: ${names[0]}`), ...labels.bad].map((b) => [b.index, b]));
  const bad = [...marked.values()].sort((a, b) => a.index - b.index);
  const kept = withoutBad(floats, labels.values, size, bad, options.skipBad);
  return { ...finish(kept), floats: kept.pixels };
}
