/** Ghost batches: batch norm over parts of a mini-batch, as if each part were on a device of its own (Hoffer et al. 2017). */
import { UsageError } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { type BatchStatistics, broadcast, mean, reshape, transpose } from "../ops/index.ts";
import type { NormTaps } from "./network.ts";

/** x [batch, channels, ...] as `parts` groups of `size` samples that follow each other. */
export class GhostBatches {
  readonly parts: number;
  readonly #shape: Shape;
  readonly #size: number;

  /** @throws UsageError unless the batch consists of ghost batches of this size, with two values per channel or more */
  constructor(shape: Shape, size: number) {
    const [batch, , ...pixels] = shape;
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new UsageError(`ghost batches of ${size}: expected an integer of at least 1`);
    }
    if (batch % size !== 0) {
      throw new UsageError(`batch ${batch} does not divide into ghost batches of ${size}: give a multiple of ${size}`);
    }
    if (size * sizeOf(pixels) < 2) {
      throw new UsageError("ghost batches of 1: batch norm has no variance over one value; give 2 or more, better 8");
    }
    this.parts = batch / size;
    this.#shape = shape;
    this.#size = size;
  }

  /** [size, parts * channels, ...]: every part has channels of its own. */
  split(x: Tensor): Tensor {
    const [, channels, ...pixels] = this.#shape;
    const parts = transpose(reshape(x, [this.parts, this.#size, channels * sizeOf(pixels)]), [1, 0, 2]);
    return reshape(parts, [this.#size, this.parts * channels, ...pixels]);
  }

  /** The inverse of `split`. */
  join(y: Tensor): Tensor {
    const sample = sizeOf(this.#shape.slice(1));
    return reshape(transpose(reshape(y, [this.#size, this.parts, sample]), [1, 0, 2]), this.#shape);
  }

  /** One number per channel, repeated for every part. */
  repeat(vector: Tensor): Tensor {
    const channels = this.#shape[1];
    const rows = broadcast(reshape(vector, [1, channels]), [this.parts, channels]);
    return reshape(rows, [this.parts * channels]);
  }

  /** Means over the parts: what running statistics follow. */
  average({ mean: means, variance }: BatchStatistics): BatchStatistics {
    const over = (t: Tensor): Tensor => mean(reshape(t, [this.parts, this.#shape[1]]), [0]);
    return { mean: over(means), variance: over(variance) };
  }

  /** Taps of the norm of `split(x)` as those of x itself, whose gamma has one entry per channel. */
  taps(inner: NormTaps, gamma: Tensor): NormTaps {
    const [, channels, ...pixels] = this.#shape;
    return {
      ...inner,
      kept: [this.parts, 1, channels, 1],
      view: [this.parts, this.#size, channels, sizeOf(pixels)],
      gamma: gamma.value,
      affine: [1, 1, channels, 1],
    };
  }
}
