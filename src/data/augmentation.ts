/** Random changes of training images. Every draw is a function of (seed, epoch, image, purpose): batches do not depend on who makes them, or when. */
import { named, UsageError } from "../base/errors.ts";
import { type Stream, stream } from "../base/random.ts";

/** What is done, in this order; absent parts are not. */
export interface Augmentation {
  readonly name: string;
  /** Zeros put around the image before a crop of its own size is drawn. */
  readonly pad?: number;
  /** A rectangle of this share of the area and of this ratio width/height, resized to the crop. */
  readonly resizedCrop?: { readonly scale: readonly [number, number]; readonly ratio: readonly [number, number] };
  /** Mirrored with probability 1/2. */
  readonly flip?: boolean;
}

export const augmentations: readonly Augmentation[] = [
  { name: "none" },
  /** relu0 3.2, maxpool 3.3: CIFAR10. */
  { name: "crop-flip", pad: 4, flip: true },
  /** relu0 3.2, maxpool 3.3: ImageNet; the ranges are torchvision's defaults. */
  { name: "resized-crop-flip", resizedCrop: { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }, flip: true },
];

/** @throws UsageError with the near name on a typo. */
export function augmentationNamed(name: string): Augmentation {
  return named("augmentation", name, augmentations);
}

export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** e^x for |x| <= 1 by its series: the last term is below 2^-53 of the sum. The same bits everywhere, unlike Math.exp. */
function exponential(x: number): number {
  let sum = 1;
  for (let n = 20; n > 0; n--) sum = 1 + (x * sum) / n;
  return sum;
}

/** log of a positive number between 1/2 and 2, by the series of 2 artanh((r - 1) / (r + 1)). */
function logarithm(r: number): number {
  const z = (r - 1) / (r + 1);
  let sum = 0;
  for (let n = 39; n > 0; n -= 2) sum = sum * z * z + 1 / n;
  return 2 * z * sum;
}

/** Integer nearest to x, ties to even. */
function roundEven(x: number): number {
  const low = Math.floor(x);
  const over = x - low;
  if (over !== 0.5) return over < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** @throws UsageError for ranges that cannot be drawn from */
function checkAugmentation({ name, pad = 0, resizedCrop }: Augmentation): void {
  if (!Number.isInteger(pad) || pad < 0) {
    throw new UsageError(`augmentation ${name}: pad is ${pad}; expected a whole number of at least 0`);
  }
  const range = (what: string, [low, high]: readonly [number, number], least: number, most: number): void => {
    if (low >= least && low <= high && high <= most) return;
    throw new UsageError(`augmentation ${name}: ${what} is ${low} .. ${high}; expected a range in ${least} .. ${most}`);
  };
  if (resizedCrop === undefined) return;
  range("scale", resizedCrop.scale, 2 ** -20, 1);
  range("ratio", resizedCrop.ratio, 1 / 2, 2);
}

/** Draws per image: 10 tries of area, ratio, top and left. */
const [tries, drawsPerTry] = [10, 4];

/** The draws of one epoch. */
export class AugmentationDraws {
  readonly #augmentation: Augmentation;
  readonly #crop: Stream;
  readonly #flip: Stream;

  constructor(augmentation: Augmentation, seed: number, epoch: number) {
    this.#augmentation = augmentation;
    this.#crop = stream(seed, `data/crop/${epoch}`);
    this.#flip = stream(seed, `data/flip/${epoch}`);
    checkAugmentation(augmentation);
  }

  /** Row of the padded image where its crop begins, minus the padding: -pad .. pad. */
  top(image: number): number {
    return this.#offset(2 * image);
  }

  left(image: number): number {
    return this.#offset(2 * image + 1);
  }

  mirrored(image: number): boolean {
    return this.#augmentation.flip === true && this.#flip.uniformAt(image) < 0.5;
  }

  /**
   * The rectangle of an image of height x width: ten tries at an area and a log-uniform ratio, then the largest
   * middle one whose ratio is in the range, as torchvision's RandomResizedCrop.
   */
  rectangle(image: number, height: number, width: number): Rectangle {
    const { resizedCrop } = this.#augmentation;
    if (resizedCrop === undefined) return { top: 0, left: 0, height, width };
    const { scale, ratio } = resizedCrop;
    const [from, to] = [logarithm(ratio[0]), logarithm(ratio[1])];
    for (let t = 0; t < tries; t++) {
      const at = (image * tries + t) * drawsPerTry;
      const area = height * width * (scale[0] + (scale[1] - scale[0]) * this.#crop.uniformAt(at));
      const aspect = exponential(from + (to - from) * this.#crop.uniformAt(at + 1));
      const [w, h] = [roundEven(Math.sqrt(area * aspect)), roundEven(Math.sqrt(area / aspect))];
      if (w < 1 || h < 1 || w > width || h > height) continue;
      return {
        top: this.#crop.integerAt(at + 2, height - h + 1),
        left: this.#crop.integerAt(at + 3, width - w + 1),
        height: h,
        width: w,
      };
    }
    const own = width / height;
    const w = own > ratio[1] ? roundEven(height * ratio[1]) : width;
    const h = own < ratio[0] ? roundEven(width / ratio[0]) : height;
    return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
  }

  #offset(index: number): number {
    const { pad = 0 } = this.#augmentation;
    return pad === 0 ? 0 : this.#crop.integerAt(index, 2 * pad + 1) - pad;
  }
}
