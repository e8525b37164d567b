/** Mini-batches: images in a seeded or in file order, augmented, normalised, written into the caller's arrays. */
import { UsageError } from "../base/errors.ts";
import { stream } from "../base/random.ts";
import { type Augmentation, AugmentationDraws, augmentationNamed } from "./augmentation.ts";
import { centerCrop, cropInto, cut } from "./crop.ts";
import { dataSets } from "./data-sets.ts";
import { type Images, imageSize, type PictureSet } from "./image-set.ts";
import { byteTables, type Normalisation, normalisationNamed, normaliser } from "./normalisation.ts";
import { resize as resized } from "./resample.ts";

export interface BatchOptions {
  readonly batch: number;
  /** Only the first images, in file order (default: all). */
  readonly samples?: number;
  /** Default: what the papers use for the set, "unit" for a set of one's own. */
  readonly normalisation?: Normalisation | string;
  /** Default: none. */
  readonly augmentation?: Augmentation | string;
  /** Another order in every epoch (default: file order). */
  readonly shuffle?: boolean;
  /** Of the order and of the augmentation. */
  readonly seed?: number;
  /** Leave out a last mini-batch that is not full. */
  readonly dropLast?: boolean;
  /** Rounds inputs to the number format of the network; default: the float32 values that normalisation gives. */
  readonly round?: (value: number) => number;
}

/** Where inputs go: any array of numbers, for example a buffer of an engine. */
export type FloatArray = Float32Array | Float64Array;

/** Pixels of one channel in a row, forwards or backwards. */
interface Run {
  readonly from: number;
  readonly step: number;
  readonly to: number;
  readonly count: number;
}

/** inputs[to ..] = table[source[from ..]]; eight loads before eight stores take half the time of one after the other. */
function translate(source: Uint8Array, table: Float64Array, inputs: FloatArray, { from, step, to, count }: Run): void {
  let i = 0;
  for (; step === 1 && i + 8 <= count; i += 8) {
    const [p, q] = [from + i, to + i];
    const a = table[source[p]];
    const b = table[source[p + 1]];
    const c = table[source[p + 2]];
    const d = table[source[p + 3]];
    const e = table[source[p + 4]];
    const f = table[source[p + 5]];
    const g = table[source[p + 6]];
    const h = table[source[p + 7]];
    inputs[q] = a;
    inputs[q + 1] = b;
    inputs[q + 2] = c;
    inputs[q + 3] = d;
    inputs[q + 4] = e;
    inputs[q + 5] = f;
    inputs[q + 6] = g;
    inputs[q + 7] = h;
  }
  for (; i < count; i++) inputs[to + i] = table[source[from + step * i]];
}

/**
 * Any mini-batch of any epoch, in any order of calls: what is written depends on the options, the epoch and the number of
 * the mini-batch only. Writing allocates nothing, but for pictures, which are decoded.
 */
export class BatchLoader {
  /** [channels, height, width] */
  readonly shape: readonly [number, number, number];
  /** Mini-batches per epoch. */
  readonly batches: number;
  readonly #images: Images;
  readonly #batch: number;
  readonly #samples: number;
  readonly #seed: number;
  readonly #shuffle: boolean;
  readonly #augmentation: Augmentation;
  /** For bytes, per channel: the input that each becomes. */
  readonly #tables: readonly Float64Array[];
  readonly #normalise: (value: number, channel: number) => number;
  /** One picture as planes. */
  readonly #planes: Uint8Array;
  #epoch = -1;
  #order: Int32Array | undefined;
  #draws: AugmentationDraws | undefined;

  /** @throws UsageError where the options do not fit the images */
  constructor(images: Images, options: BatchOptions) {
    const { batch, samples = images.count, seed = 0, shuffle = false, dropLast = false } = options;
    const whole = (name: string, value: number, most: number): void => {
      if (Number.isInteger(value) && value >= 1 && value <= most) return;
      throw new UsageError(`${name} is ${value}; expected a whole number from 1 to ${most} (${images.name})`);
    };
    whole("samples", samples, images.count);
    whole("batch", batch, samples);
    const usual = dataSets.find((set) => set.name === images.name)?.normalisation ?? "unit";
    const { normalisation = usual, augmentation = "none" } = options;
    const chosen = typeof normalisation === "string" ? normalisationNamed(normalisation) : normalisation;
    const round = options.round ?? ((value: number) => value);
    const normalise = normaliser(chosen, images.channels);
    this.shape = [images.channels, images.height, images.width];
    this.batches = dropLast ? Math.floor(samples / batch) : Math.ceil(samples / batch);
    this.#images = images;
    this.#batch = batch;
    this.#samples = samples;
    this.#seed = seed;
    this.#shuffle = shuffle;
    this.#augmentation = typeof augmentation === "string" ? augmentationNamed(augmentation) : augmentation;
    const pictures = "picture" in images;
    if (pictures ? this.#augmentation.pad !== undefined : this.#augmentation.resizedCrop !== undefined) {
      const fitting = pictures ? "resized-crop-flip" : "crop-flip";
      const sizes = pictures ? "sizes of their own" : "one size";
      throw new UsageError(
        `augmentation ${this.#augmentation.name}: the images of ${images.name} have ${sizes}; use ${fitting}`,
      );
    }
    this.#tables = byteTables(chosen, images.channels).map((table) => table.map(round));
    this.#normalise = (value, channel) => round(normalise(value, channel));
    this.#planes = new Uint8Array(pictures ? imageSize(images) : 0);
  }

  /** Images in mini-batch `index`: `batch`, or fewer in the last one. */
  size(index: number): number {
    return Math.min(this.#batch, this.#samples - index * this.#batch);
  }

  /** The image (its place in file order) at `position` of an epoch. */
  imageAt(epoch: number, position: number): number {
    this.#enter(epoch);
    return this.#order === undefined ? position : this.#order[position];
  }

  /**
   * Writes mini-batch `index` of `epoch`: inputs [size, channels, height, width] and labels [size].
   * @returns the number of images written
   */
  write(epoch: number, index: number, inputs: FloatArray, labels: Int32Array): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.batches) {
      throw new UsageError(`mini-batch ${index}: expected 0 to ${this.batches - 1}`);
    }
    const count = this.size(index);
    const size = imageSize(this.#images);
    if (inputs.length < count * size || labels.length < count) {
      throw new UsageError(
        `a mini-batch of ${count} images needs ${count * size} inputs and ${count} labels; ` +
          `found room for ${inputs.length} and ${labels.length}`,
      );
    }
    for (let i = 0; i < count; i++) {
      const image = this.imageAt(epoch, index * this.#batch + i);
      labels[i] = this.#images.labels[image];
      this.#writeImage(image, inputs, i * size);
    }
    return count;
  }

  #enter(epoch: number): void {
    if (this.#epoch === epoch) return;
    this.#epoch = epoch;
    this.#draws = new AugmentationDraws(this.#augmentation, this.#seed, epoch);
    if (this.#shuffle) this.#order = stream(this.#seed, `data/order/${epoch}`).permutation(this.#samples);
  }

  #writeImage(image: number, inputs: FloatArray, at: number): void {
    const draws = this.#draws as AugmentationDraws;
    const images = this.#images;
    const flip = draws.mirrored(image);
    if ("picture" in images) {
      this.#cropPicture(images, image, draws, flip);
      this.#writePixels(this.#planes, 0, 0, 0, false, inputs, at);
    } else {
      const source = "images" in images ? images.images : images.floats;
      this.#writePixels(source, image * imageSize(images), draws.top(image), draws.left(image), flip, inputs, at);
    }
  }

  /** One image of `source`, shifted by (top, left) with zeros outside, mirrored, normalised. */
  #writePixels(
    source: Uint8Array | Float32Array,
    from: number,
    top: number,
    left: number,
    flip: boolean,
    inputs: FloatArray,
    at: number,
  ): void {
    const [channels, height, width] = this.shape;
    const isWhole = top === 0 && left === 0 && !flip;
    const [rows, length] = isWhole ? [1, height * width] : [height, width];
    // Columns of a row that come from the image, and the pixel of the first of them.
    const shift = flip ? left : -left;
    const begin = Math.max(0, shift);
    const end = Math.min(length, length + shift);
    const first = flip ? left + length - 1 - begin : left + begin;
    for (let c = 0; c < channels; c++) {
      const outside = this.#normalise(0, c);
      for (let y = 0; y < rows; y++) {
        const row = y + top;
        const to = at + (c * rows + y) * length;
        if (row < 0 || row >= rows || begin >= end) {
          inputs.fill(outside, to, to + length);
          continue;
        }
        if (begin > 0) inputs.fill(outside, to, to + begin);
        if (end < length) inputs.fill(outside, to + end, to + length);
        const pixel = from + (c * rows + row) * length + first;
        const run = { from: pixel, step: flip ? -1 : 1, to: to + begin, count: end - begin };
        if (source instanceof Uint8Array) translate(source, this.#tables[c], inputs, run);
        else for (let i = 0; i < run.count; i++) inputs[run.to + i] = this.#normalise(source[pixel + run.step * i], c);
      }
    }
  }

  /** The crop of a picture into the planes. */
  #cropPicture(images: PictureSet, image: number, draws: AugmentationDraws, flip: boolean): void {
    const { height, width, resize } = images;
    const picture = images.picture(image);
    if (this.#augmentation.resizedCrop === undefined) {
      centerCrop(picture, resize, height, width, this.#planes, flip);
    } else {
      const part = cut(picture, draws.rectangle(image, picture.height, picture.width));
      cropInto(resized(part, height, width), 0, 0, height, width, this.#planes, flip);
    }
  }
}
