/** Mini-batches and samples of numbers in memory. */
import { stream } from "../../base/random.ts";
import type { Samples } from "./evaluation.ts";
import type { Batches } from "./trainer.ts";

export interface LabelledRows {
  /** Row-major [labels.length, size]. */
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
  readonly size: number;
}

/** Shuffled epochs of whole mini-batches. */
export function arrayBatches({ inputs, labels, size }: LabelledRows, batch: number, seed: number): Batches {
  const perEpoch = Math.floor(labels.length / batch);
  let epoch = -1;
  let order: Int32Array = new Int32Array();
  return {
    write(step, x, y) {
      const now = Math.floor(step / perEpoch);
      if (now !== epoch) [epoch, order] = [now, stream(seed, `data/order/${now}`).permutation(labels.length)];
      const first = (step % perEpoch) * batch;
      for (let i = 0; i < batch; i++) {
        const row = order[first + i];
        y[i] = labels[row];
        x.set(inputs.subarray(row * size, (row + 1) * size), i * size);
      }
    },
  };
}

export function arraySamples({ inputs, labels, size }: LabelledRows): Samples {
  return {
    count: labels.length,
    write(from, count, x, y) {
      x.set(inputs.subarray(from * size, (from + count) * size));
      y.set(labels.subarray(from, from + count));
    },
  };
}
