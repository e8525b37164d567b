/** Images for a trainer: shuffled epochs of whole mini-batches, and samples to evaluate. */

import type { Images } from "../../data/image-set.ts";
import { BatchLoader, type BatchOptions } from "../../data/loader.ts";
import type { Format } from "../../formats/format.ts";
import { round } from "../../formats/round.ts";
import type { Samples } from "./evaluation.ts";
import type { Batches } from "./trainer.ts";

export interface ImageBatches extends Batches {
  /** Steps of one epoch; images that do not fill a mini-batch wait for the next one's order. */
  readonly perEpoch: number;
}

/** @param format Inputs are rounded to it. @throws UsageError where the options do not fit the images */
export function imageBatches(images: Images, format: Format, options: BatchOptions): ImageBatches {
  const loader = new BatchLoader(images, {
    shuffle: true,
    dropLast: true,
    round: (value) => round(format, value),
    ...options,
  });
  return {
    perEpoch: loader.batches,
    write(step, inputs, labels) {
      loader.write(Math.floor(step / loader.batches), step % loader.batches, inputs, labels);
    },
  };
}

/** All images in file order, not augmented. @param format Inputs are rounded to it. */
export function imageSamples(images: Images, format: Format, normalisation?: string): Samples {
  const loader = new BatchLoader(images, {
    batch: 1,
    round: (value) => round(format, value),
    ...(normalisation ? { normalisation } : {}),
  });
  const size = loader.shape.reduce((product, extent) => product * extent, 1);
  return {
    count: images.count,
    write(from, count, inputs, labels) {
      for (let i = 0; i < count; i++) {
        loader.write(0, from + i, inputs.subarray(i * size, (i + 1) * size), labels.subarray(i, i + 1));
      }
    },
  };
}
