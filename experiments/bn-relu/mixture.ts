/** The mixture of papers/bn-relu 3.2: 10 classes of 8 centres each in 64 dimensions. */
import type { LabelledRows } from "../../src/analysis/training/array-batches.ts";
import { type Stream, stream } from "../../src/base/random.ts";

export const mixtures = { easy: 0.6, hard: 1.2 } as const;
export type MixtureName = keyof typeof mixtures;

const [classes, centres, size] = [10, 8, 64];

function draw(middle: Float64Array, noise: number, count: number, draws: Stream): LabelledRows {
  const labels = new Int32Array(count);
  const inputs = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    labels[i] = draws.integer(classes);
    const centre = labels[i] * centres + draws.integer(centres);
    for (let k = 0; k < size; k++) inputs[i * size + k] = middle[centre * size + k] + noise * draws.normal();
  }
  return { inputs, labels, size };
}

export interface Mixture {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

const made = new Map<string, Mixture>();

/** 8192 samples to train, 2048 to test, all of a seed. The last few are kept. */
export function mixture(name: MixtureName, seed: number): Mixture {
  const key = `${name}/${seed}`;
  const found = made.get(key) ?? drawMixture(name, seed);
  if (made.size > 8) made.clear();
  made.set(key, found);
  return found;
}

function drawMixture(name: MixtureName, seed: number): Mixture {
  const draws = stream(seed, `bn-relu/mixture/${name}`);
  const middle = Float64Array.from({ length: classes * centres * size }, () => draws.normal());
  return {
    train: draw(middle, mixtures[name], 8192, draws.substream("train")),
    test: draw(middle, mixtures[name], 2048, draws.substream("test")),
  };
}
