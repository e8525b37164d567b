/** Labelled images as every reader yields them: bytes in memory, floats in memory, or pictures decoded on demand. */
import { DataError, UsageError } from "../base/errors.ts";
import { centerCrop } from "./crop.ts";
import type { Picture } from "./picture.ts";

export const splits = ["train", "test", "extra", "val"] as const;
export type Split = (typeof splits)[number];

/** What all sets have in common. */
export interface LabelledImages {
  /** "mnist". */
  readonly name: string;
  readonly split: Split;
  readonly count: number;
  readonly channels: number;
  /** Size of every image; of pictures: of the crop that loaders take. */
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [count], each in 0..classes-1. */
  readonly labels: Uint8Array | Uint16Array;
  /** "sha256:..." over the inflated files in reading order (`folderDigest` for folders of images). */
  readonly checksum: string;
  /** Whether the files are the published ones, by checksum. */
  readonly standard: boolean;
  /** Which copy of the data this is, for rows: "published files", "unverified copy", "own files". */
  readonly variant: string;
  /** One line per image that was left out (`skipBad`); rows carry their number. */
  readonly skipped: readonly string[];
}

export interface ImageSet extends LabelledImages {
  /** Row-major [count, channels, height, width], in file order. */
  readonly images: Uint8Array;
}

export interface FloatImageSet extends LabelledImages {
  /** Row-major [count, channels, height, width], in file order; no NaN. */
  readonly floats: Float32Array;
}

export interface PictureSet extends LabelledImages {
  /** Decodes an image at its own size. @throws DataError naming the file */
  picture(index: number): Picture;
  /** The shorter side after resizing, before the center crop of `height` x `width`. */
  readonly resize: number;
}

export type Images = ImageSet | FloatImageSet | PictureSet;

/** The number of values of one image. */
export function imageSize(set: LabelledImages): number {
  return set.channels * set.height * set.width;
}

/** pixel / 255, correctly rounded to float32; the shape of `pixels`. */
export function scaled(pixels: Uint8Array): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, value) => value / 255);
  const result = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = table[pixels[i]];
  return result;
}

/** Bytes of decoded pictures that `inMemory` keeps at most. */
const memoryLimit = 2 ** 31;

/**
 * The set with all its pixels as bytes in memory; pictures are decoded, resized and center-cropped.
 * @param progress Called after each picture.
 * @throws UsageError for float pixels and for more than 2 GiB of pictures; DataError for a picture that does not decode.
 */
export function inMemory(set: Images, progress: (done: number, total: number) => void = () => {}): ImageSet {
  if ("images" in set) return set;
  if ("floats" in set) throw new UsageError(`${set.name}: pixels are floats; this needs bytes`);
  const size = imageSize(set);
  if (set.count * size > memoryLimit) {
    throw new UsageError(
      `${set.name}: ${set.count} images of ${size} bytes exceed 2 GiB in memory; limit the number of images`,
    );
  }
  const images = new Uint8Array(set.count * size);
  for (let i = 0; i < set.count; i++) {
    centerCrop(set.picture(i), set.resize, set.height, set.width, images.subarray(i * size, (i + 1) * size));
    progress(i + 1, set.count);
  }
  const { picture: _picture, resize: _resize, ...rest } = set;
  return { ...rest, images };
}

/** The first `limit` images, in file order. @throws UsageError where there are fewer */
export function firstImages<T extends Images>(set: T, limit: number | undefined): T {
  if (limit === undefined || limit === set.count) return set;
  if (!Number.isInteger(limit) || limit < 1 || limit > set.count) {
    throw new UsageError(`${set.name}: the first ${limit} images were asked for; it has ${set.count}`);
  }
  return imagesBetween(set, 0, limit);
}

/** Images from..to-1, in file order, over the same memory; 0 <= from < to <= count. */
export function imagesBetween<T extends Images>(set: T, from: number, to: number): T {
  const part = { ...set, count: to - from, labels: set.labels.subarray(from, to) };
  const size = imageSize(set);
  if ("images" in part) return { ...part, images: part.images.subarray(from * size, to * size) };
  if ("floats" in part) return { ...part, floats: part.floats.subarray(from * size, to * size) };
  const { picture } = part;
  return { ...part, picture: (index: number) => picture.call(set, from + index) };
}

export interface BadImage {
  readonly index: number;
  /** One line: file, position, found, expected. */
  readonly reason: string;
}

/**
 * What is left without bad images: labels, and pixels of `size` values per image, compacted in place.
 * @throws DataError with the first reason unless `skipBad`.
 */
export function withoutBad<P extends Uint8Array | Float32Array, L extends Uint8Array | Uint16Array>(
  pixels: P,
  labels: L,
  size: number,
  bad: readonly BadImage[],
  skipBad = false,
): { pixels: P; labels: L; skipped: string[] } {
  if (bad.length > 0 && !skipBad) {
    const others = bad.length - 1;
    const more = others === 0 ? "" : `; ${others} more bad ${others === 1 ? "image" : "images"}`;
    throw new DataError(`${bad[0].reason}${more} (--skip-bad leaves bad images out)`);
  }
  let kept = bad.length === 0 ? labels.length : bad[0].index;
  for (let i = kept, next = 0; i < labels.length; i++) {
    if (bad[next]?.index === i) {
      next++;
      continue;
    }
    pixels.copyWithin(kept * size, i * size, (i + 1) * size);
    labels[kept++] = labels[i];
  }
  if (kept === 0) throw new DataError(`${bad[0].reason}; no image is left`);
  return {
    pixels: pixels.subarray(0, kept * size) as P,
    labels: labels.subarray(0, kept) as L,
    skipped: bad.map(({ reason }) => reason),
  };
}
