/** What a set looks like: moments per channel, images per class, repeated images. */
import { createHash } from "node:crypto";
import { centerCrop } from "./crop.ts";
import { type FloatImageSet, type Images, imageSize } from "./image-set.ts";

export interface Summary {
  /** Per channel, of pixel / 255 (floats as stored); pictures as their center crops. */
  readonly mean: readonly number[];
  /** Population standard deviation. */
  readonly std: readonly number[];
  readonly classCounts: readonly number[];
  /** Share of images that equal an earlier one in every pixel. */
  readonly repeated: number;
}

/** Counts of byte values per channel: sums over them are exact. */
class Histogram {
  readonly counts: Float64Array;
  readonly #channels: number;

  constructor(channels: number) {
    this.#channels = channels;
    this.counts = new Float64Array(256 * channels);
  }

  add(pixels: Uint8Array): void {
    const plane = pixels.length / this.#channels;
    for (let i = 0; i < pixels.length; i++) this.counts[256 * Math.floor(i / plane) + pixels[i]]++;
  }

  moments(): { mean: number[]; std: number[] } {
    const [mean, std]: [number[], number[]] = [[], []];
    for (let c = 0; c < this.#channels; c++) {
      const counts = this.counts.subarray(256 * c, 256 * (c + 1));
      const [n, sum, squares] = [0, 1, 2].map((power) => counts.reduce((s, count, v) => s + count * v ** power, 0));
      mean.push(sum / n / 255);
      // The sums are exact integers below 2^53 up to 1.3e11 pixels; what cancels costs a relative 2^-52 (mean / std)^2.
      std.push(Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)) / 255);
    }
    return { mean, std };
  }
}

/** Two passes: the mean, then the mean of squared deviations. */
function floatMoments({ floats, channels, height, width }: FloatImageSet): { mean: number[]; std: number[] } {
  const plane = height * width;
  const average = (of: (value: number, channel: number) => number): number[] => {
    const sums = new Float64Array(channels);
    for (let i = 0; i < floats.length; i++) {
      const channel = Math.floor(i / plane) % channels;
      sums[channel] += of(floats[i], channel);
    }
    return [...sums].map((sum) => (sum * channels) / floats.length);
  };
  const mean = average((value) => value);
  return { mean, std: average((value, channel) => (value - mean[channel]) ** 2).map(Math.sqrt) };
}

/** @param progress Called after each image of a set that is decoded. @throws DataError for a picture that does not decode */
export function summarize(set: Images, progress: (done: number, total: number) => void = () => {}): Summary {
  const size = imageSize(set);
  const seen = new Set<string>();
  const classCounts = new Array<number>(set.classes).fill(0);
  const histogram = new Histogram(set.channels);
  const planes = new Uint8Array("picture" in set ? size : 0);
  for (let i = 0; i < set.count; i++) {
    classCounts[set.labels[i]]++;
    let pixels: Uint8Array | Float32Array;
    if ("picture" in set) {
      centerCrop(set.picture(i), set.resize, set.height, set.width, planes);
      pixels = planes;
      progress(i + 1, set.count);
    } else pixels = ("images" in set ? set.images : set.floats).subarray(i * size, (i + 1) * size);
    if (pixels instanceof Uint8Array) histogram.add(pixels);
    seen.add(createHash("md5").update(pixels).digest("base64"));
  }
  const moments = "floats" in set ? floatMoments(set) : histogram.moments();
  return { ...moments, classCounts, repeated: (set.count - seen.size) / set.count };
}
