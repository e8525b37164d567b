/** SVHN in its cropped 32 x 32 form: one MAT-file per split with X [32, 32, 3, count] and y [count, 1], the digit 0 labelled 10. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { sizeOf } from "../base/shape.ts";
import { filePieces } from "./byte-stream.ts";
import { type LoadOptions, splitOf } from "./data-set.ts";
import { type ImageSet, type Split, withoutBad } from "./image-set.ts";
import { type MatArray, type MatSink, readMat } from "./mat.ts";
import { fileSize, findUnder, notFound } from "./read-file.ts";

/** MD5 of the published files, as torchvision lists them. */
const checksums: Readonly<Record<string, string>> = {
  "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
  "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
  "extra_32x32.mat": "a93ce644f1a588dc4d68dda5feec44a7",
};

/** The file of a split, or undefined. */
export function svhnFile(split: Split, dataDir?: string): string | undefined {
  if (dataDir === undefined) return undefined;
  const file = `${split}_32x32.mat`;
  const folder = findUnder(dataDir, ["svhn"], (path) => existsSync(join(path, file)));
  return folder === undefined ? undefined : join(folder, file);
}

function digests(path: string): { readonly md5: string; readonly sha256: string } {
  const [md5, sha256] = [createHash("md5"), createHash("sha256")];
  for (const piece of filePieces(path, basename(path))) {
    md5.update(piece);
    sha256.update(piece);
  }
  return { md5: md5.digest("hex"), sha256: sha256.digest("hex") };
}

/** Deflate's largest ratio is 1032: an array that the file cannot hold is damage, and no memory is asked for it. */
const largestRatio = 1032;

interface Arrays {
  images?: { readonly pixels: Uint8Array; readonly shape: readonly number[] };
  labels?: { readonly values: Float64Array };
}

/** Column-major [height, width, channels, count] to rows: within an image (channel, column, row) becomes (channel, row, column). */
function imageSink(shape: readonly number[], pixels: Uint8Array): MatSink {
  const [height, width, channels] = shape;
  const plane = height * width;
  const size = plane * channels;
  const places = Int32Array.from({ length: size }, (_, i) => {
    const [channel, column, row] = [Math.floor(i / plane), Math.floor((i % plane) / height), i % height];
    return channel * plane + row * width + column;
  });
  let [image, within] = [0, 0];
  return (piece) => {
    for (const pixel of piece) {
      pixels[image + places[within]] = pixel;
      if (++within === size) [image, within] = [image + size, 0];
    }
  };
}

/** Values of any numeric type; a piece may end inside a value. */
function valueSink(array: MatArray, values: Float64Array, little: boolean): MatSink {
  const { bytes, read } = array.type;
  const view = new DataView(new ArrayBuffer(8));
  let [index, filled] = [0, 0];
  return (piece) => {
    for (const byte of piece) {
      view.setUint8(filled++, byte);
      if (filled === bytes) [values[index++], filled] = [read(view, 0, little), 0];
    }
  };
}

function readArrays(path: string, name: string): Arrays {
  const arrays: Arrays = {};
  const most = fileSize(path) * largestRatio;
  readMat(path, (array, little) => {
    const { shape, type } = array;
    const length = sizeOf(shape);
    if (array.name !== "X" && array.name !== "y") return undefined;
    if (length * type.bytes > most) {
      throw new DataError(`${name}: ${array.name} is ${shape.join(" x ")}, more than a file of this size can hold`);
    }
    if (array.name === "X") {
      if (type.name !== "uint8" || shape.length !== 4 || shape[2] !== 3 || length === 0) {
        throw new DataError(
          `${name}: X is ${type.name} ${shape.join(" x ")}, expected uint8 height x width x 3 x count`,
        );
      }
      const pixels = new Uint8Array(length);
      arrays.images = { pixels, shape };
      return imageSink(shape, pixels);
    }
    const values = new Float64Array(length);
    arrays.labels = { values };
    return valueSink(array, values, little);
  });
  return arrays;
}

/** Number of images in a file, from the shape of X. @throws DataError */
export function countSvhn(path: string): number {
  let count = 0;
  readMat(path, ({ name, shape }) => {
    if (name !== "X") return undefined;
    count = shape[shape.length - 1];
    return "stop";
  });
  return count;
}

/** Labels 0 to 9, pixels [count, 3, 32, 32], in file order. @throws DataError naming file and image */
export function loadSvhn(options: LoadOptions = {}): ImageSet {
  const split = splitOf("svhn", options, ["train", "test", "extra"]);
  const file = `${split}_32x32.mat`;
  const path = svhnFile(split, options.dataDir);
  if (path === undefined) {
    throw notFound("svhn", options.dataDir, `${file} in it or in svhn`);
  }
  const { md5, sha256 } = digests(path);
  const { images, labels } = readArrays(path, file);
  if (images === undefined || labels === undefined) {
    throw new DataError(`${file}: no array ${images === undefined ? "X" : "y"}; expected X and y`);
  }
  const [height, width, channels, count] = images.shape;
  if (labels.values.length !== count) {
    throw new DataError(`${file}: found ${labels.values.length} labels y, expected ${count}`);
  }
  const bad = [...labels.values].flatMap((label, index) =>
    Number.isInteger(label) && label >= 1 && label <= 10
      ? []
      : [{ index, reason: `${file}: found label ${label} at ${index}, expected 1 to 10` }],
  );
  const digits = Uint8Array.from(labels.values, (label) => label % 10);
  const kept = withoutBad(images.pixels, digits, channels * height * width, bad, options.skipBad);
  const standard = md5 === checksums[file];
  return {
    name: "svhn",
    split,
    count: kept.labels.length,
    ...{ channels, height, width, classes: 10 },
    images: kept.pixels,
    labels: kept.labels,
    checksum: `sha256:${sha256}`,
    standard,
    variant: standard ? "published files" : "unverified copy",
    skipped: kept.skipped,
  };
}
