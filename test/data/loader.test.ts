/** Mini-batches: order, augmentation and normalisation, each against its definition. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AugmentationDraws } from "../../src/data/augmentation.ts";
import { cropInto, cut } from "../../src/data/crop.ts";
import {
  type Augmentation,
  augmentationNamed,
  BatchLoader,
  type FloatImageSet,
  type ImageSet,
  normalisationNamed,
  normalisations,
  type PictureSet,
} from "../../src/data/index.ts";
import { byteTables } from "../../src/data/normalisation.ts";
import { resize } from "../../src/data/resample.ts";
import { bytesOf, pixel, vectors } from "./support.ts";

const [count, channels, height, width] = [10, 3, 6, 5];
const size = channels * height * width;
const facts = {
  ...({ name: "toy", split: "train", count, channels, height, width, classes: 10 } as const),
  labels: Uint8Array.from({ length: count }, (_, i) => i),
  ...{ checksum: "sha256:0", standard: false, variant: "made up", skipped: [] },
};
const images = Uint8Array.from({ length: count * size }, (_, i) => pixel(i));
const set: ImageSet = { ...facts, images };

interface Batch {
  readonly labels: number[];
  readonly inputs: number[];
}

function read(loader: BatchLoader, epoch: number, index: number): Batch {
  const inputs = new Float64Array(loader.size(index) * size);
  const labels = new Int32Array(loader.size(index));
  expect(loader.write(epoch, index, inputs, labels)).toBe(loader.size(index));
  return { labels: [...labels], inputs: [...inputs] };
}

const epoch = (loader: BatchLoader, number: number): Batch[] =>
  Array.from({ length: loader.batches }, (_, index) => read(loader, number, index));

describe("mini-batches", () => {
  test("file order, pixel / 255 in float32, a short last one or none", () => {
    const loader = new BatchLoader(set, { batch: 4 });
    expect([loader.batches, loader.shape, loader.size(2)]).toEqual([3, [3, 6, 5], 2]);
    expect(epoch(loader, 0).map(({ labels }) => labels)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(read(loader, 0, 2).inputs).toEqual([...images.subarray(8 * size)].map((value) => Math.fround(value / 255)));
    expect(new BatchLoader(set, { batch: 4, dropLast: true }).batches).toBe(2);
    expect(new BatchLoader(set, { batch: 4, samples: 6 }).batches).toBe(2);
  });

  test("a shuffled epoch has every image once, another order in another epoch or seed, the same in any order of calls", () => {
    const options = { batch: 4, shuffle: true, seed: 7, augmentation: "crop-flip" };
    const loader = new BatchLoader(set, options);
    const [first, second] = [epoch(loader, 0), epoch(loader, 1)];
    const order = (batches: readonly Batch[]): number[] => batches.flatMap(({ labels }) => labels);
    expect(order(first).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(order(first)).not.toEqual(order(second));
    expect(order(epoch(new BatchLoader(set, { ...options, seed: 8 }), 0))).not.toEqual(order(first));
    const other = new BatchLoader(set, options);
    for (const [e, index] of [
      [1, 2],
      [0, 1],
      [1, 0],
      [0, 2],
      [1, 1],
      [0, 0],
    ] as const) {
      expect(read(other, e, index)).toEqual([first, second][e][index]);
    }
  });

  test("an image is augmented alike in whatever mini-batch it falls", () => {
    const small = epoch(new BatchLoader(set, { batch: 1, seed: 3, augmentation: "crop-flip" }), 5);
    const large = epoch(new BatchLoader(set, { batch: 10, seed: 3, augmentation: "crop-flip" }), 5);
    expect(small.flatMap(({ inputs }) => inputs)).toEqual(large[0].inputs);
  });

  test("a crop of the padded image, mirrored or not: every offset and both sides occur", () => {
    const loader = new BatchLoader(set, { batch: 1, seed: 1, augmentation: "crop-flip" });
    const seen = { tops: new Set<number>(), lefts: new Set<number>(), sides: new Set<boolean>() };
    for (let e = 0; e < 40; e++) {
      const draws = new AugmentationDraws(augmentationNamed("crop-flip"), 1, e);
      for (let image = 0; image < count; image++) {
        const [top, left, mirrored] = [draws.top(image), draws.left(image), draws.mirrored(image)];
        seen.tops.add(top);
        seen.lefts.add(left);
        seen.sides.add(mirrored);
        const expected: number[] = [];
        for (let c = 0; c < channels; c++) {
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const [row, column] = [y + top, left + (mirrored ? width - 1 - x : x)];
              const inside = row >= 0 && row < height && column >= 0 && column < width;
              expected.push(inside ? Math.fround(images[image * size + (c * height + row) * width + column] / 255) : 0);
            }
          }
        }
        expect(read(loader, e, image).inputs).toEqual(expected);
      }
    }
    const all = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
    expect([...seen.tops].sort((a, b) => a - b)).toEqual(all);
    expect([...seen.lefts].sort((a, b) => a - b)).toEqual(all);
    expect(seen.sides.size).toBe(2);
  });

  test("floats are normalised as they are; padding is a zero pixel", () => {
    const floats = Float32Array.from(images, (value) => value / 100 - 1);
    const loader = new BatchLoader({ ...facts, floats } as FloatImageSet, { batch: 10, normalisation: "half" });
    const expected = [...floats].map((value) => Math.fround(Math.fround(value - 0.5) / 0.5));
    expect(read(loader, 0, 0).inputs).toEqual(expected);
    const padded = new BatchLoader(set, { batch: 10, normalisation: "half", augmentation: "crop-flip" });
    expect(read(padded, 0, 0).inputs).toContain(-1);
  });

  test("inputs are rounded to the network's format once", () => {
    const loader = new BatchLoader(set, { batch: 10, round: (value) => Math.round(value * 8) / 8 });
    expect(new Set(read(loader, 0, 0).inputs.map((value) => (value * 8) % 1))).toEqual(new Set([0]));
  });

  test("what does not fit is refused", () => {
    const loader = (options: object) => () => new BatchLoader(set, { batch: 4, ...options });
    expect(loader({ batch: 11 })).toThrow("batch is 11; expected a whole number from 1 to 10 (toy)");
    expect(loader({ samples: 0 })).toThrow("samples is 0; expected a whole number from 1 to 10");
    expect(loader({ normalisation: "cifar" })).toThrow(
      "unknown normalisation 'cifar'; known: unit, half, cifar10, imagenet",
    );
    expect(loader({ augmentation: "crop-flp" })).toThrow("unknown augmentation 'crop-flp'; did you mean crop-flip?");
    expect(loader({ augmentation: "resized-crop-flip" })).toThrow("the images of toy have one size; use crop-flip");
    const grey = { ...set, channels: 1, height: 18 };
    expect(() => new BatchLoader(grey, { batch: 1, normalisation: "cifar10" })).toThrow(
      "normalisation cifar10 has 3 channels; the images have 1",
    );
    const write = (augmentation: Augmentation) => () =>
      new BatchLoader(set, { batch: 1, augmentation }).write(0, 0, new Float32Array(size), new Int32Array(1));
    expect(write({ name: "mine", pad: -1 })).toThrow(
      "augmentation mine: pad is -1; expected a whole number of at least 0",
    );
    const made = new BatchLoader(set, { batch: 4 });
    expect(() => made.write(0, 3, new Float32Array(1000), new Int32Array(4))).toThrow("mini-batch 3: expected 0 to 2");
    expect(() => made.write(0, 0, new Float32Array(100), new Int32Array(4))).toThrow(
      "needs 360 inputs and 4 labels; found room for 100",
    );
  });
});

describe("normalisation", () => {
  test.each(normalisations.map(({ name }) => name))("%s: the bits of PyTorch for every byte", (name) => {
    const expected = bytesOf(vectors.normalised[name]);
    const channels = expected.length / 1024;
    const found = Float32Array.from(byteTables(normalisationNamed(name), channels).flatMap((table) => [...table]));
    expect(Buffer.from(found.buffer).equals(Buffer.from(expected))).toBe(true);
  });
});

describe("pictures", () => {
  const shapes = [
    [40, 60],
    [60, 40],
    [50, 50],
    [9, 200],
  ] as const;
  const pictures = shapes.map(([h, w], n) => ({
    height: h,
    width: w,
    pixels: Uint8Array.from({ length: 3 * h * w }, (_, i) => pixel(i + 1000 * n)),
  }));
  const pictureSet: PictureSet = {
    ...facts,
    ...{ count: 4, labels: Uint8Array.of(0, 1, 2, 3), height: 8, width: 8, resize: 9 },
    picture: (index) => pictures[index],
  };

  test("a random resized crop: within the published ranges, the drawn rectangle at the drawn side", () => {
    const loader = new BatchLoader(pictureSet, {
      batch: 4,
      seed: 5,
      normalisation: "unit",
      augmentation: "resized-crop-flip",
    });
    const inputs = new Float32Array(4 * 192);
    let [tall, wide, least, most] = [0, 0, 1, 0];
    for (let e = 0; e < 50; e++) {
      loader.write(e, 0, inputs, new Int32Array(4));
      const draws = new AugmentationDraws(augmentationNamed("resized-crop-flip"), 5, e);
      pictures.forEach((picture, i) => {
        const found = draws.rectangle(i, picture.height, picture.width);
        expect(found.top >= 0 && found.left >= 0).toBe(true);
        expect(found.top + found.height <= picture.height && found.left + found.width <= picture.width).toBe(true);
        const planes = new Uint8Array(192);
        cropInto(resize(cut(picture, found), 8, 8), 0, 0, 8, 8, planes, draws.mirrored(i));
        expect([...inputs.subarray(192 * i, 192 * (i + 1))]).toEqual(
          [...planes].map((value) => Math.fround(value / 255)),
        );
        if (i === 3) return;
        const [area, ratio] = [
          (found.height * found.width) / (picture.height * picture.width),
          found.width / found.height,
        ];
        least = Math.min(least, area);
        most = Math.max(most, area);
        if (ratio > 1.05) wide++;
        if (ratio < 0.95) tall++;
        // Whole pixels move a ratio by up to half a pixel on each side.
        expect(ratio).toBeGreaterThan(0.75 * (1 - 1 / found.height));
        expect(ratio).toBeLessThan((4 / 3) * (1 + 1 / found.height));
      });
    }
    expect(least).toBeLessThan(0.12);
    expect(most).toBeGreaterThan(0.9);
    expect(Math.min(tall, wide)).toBeGreaterThan(40);
  });

  test("a strip that no try fits gives the largest middle rectangle of an allowed ratio", () => {
    const never = { name: "whole", resizedCrop: { scale: [1, 1], ratio: [3 / 4, 4 / 3] } } as const;
    const draws = new AugmentationDraws(never, 0, 0);
    expect(draws.rectangle(0, 9, 200)).toEqual({ top: 0, left: 94, height: 9, width: 12 });
    expect(draws.rectangle(0, 200, 9)).toEqual({ top: 94, left: 0, height: 12, width: 9 });
    const wrong = { name: "mine", resizedCrop: { scale: [0.5, 2], ratio: [1, 1] } } as const;
    expect(() => new AugmentationDraws(wrong, 0, 0)).toThrow(
      "augmentation mine: scale is 0.5 .. 2; expected a range in",
    );
  });

  test("the bits of a drawn epoch: a change of them changes what stored results were made from", () => {
    const digest = createHash("sha256");
    const options = { batch: 4, shuffle: true, seed: 11 };
    for (const [loader, values] of [
      [new BatchLoader(set, { ...options, augmentation: "crop-flip" }), 4 * size],
      [new BatchLoader(pictureSet, { ...options, augmentation: "resized-crop-flip" }), 4 * 192],
    ] as const) {
      const [inputs, labels] = [new Float32Array(values), new Int32Array(4)];
      for (let e = 0; e < 3; e++) {
        for (let index = 0; index < loader.batches; index++) {
          loader.write(e, index, inputs, labels);
          digest.update(inputs).update(labels);
        }
      }
    }
    expect(digest.digest("hex").slice(0, 32)).toBe("9d05b61a352fcc9cf8664066e9399d1d");
  });

  test("without augmentation: the center crop of the resized picture", () => {
    const loader = new BatchLoader(pictureSet, { batch: 1, normalisation: "unit" });
    const inputs = new Float32Array(192);
    loader.write(0, 0, inputs, new Int32Array(1));
    const resized = resize(pictures[0], 9, 13);
    const planes = new Uint8Array(192);
    // (9 - 8) / 2 = 0.5 and (13 - 8) / 2 = 2.5 round to even.
    cropInto(resized, 0, 2, 8, 8, planes);
    expect([...inputs]).toEqual([...planes].map((value) => Math.fround(value / 255)));
    expect(() => new BatchLoader(pictureSet, { batch: 1, augmentation: "crop-flip" })).toThrow(
      "have sizes of their own; use resized-crop-flip",
    );
  });
});
