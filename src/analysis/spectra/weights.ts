/** First-layer weights and output weights of a wide network, drawn unit by unit: a wider network keeps the narrower one's units. */
import { type Stream, stream } from "../../base/random.ts";

export interface WeightSource {
  /** Units. */
  readonly m: number;
  readonly d: number;
  /** Writes rows `from`, `from + 1`, ... of w into `block`, row-major [rows, d]. */
  fill(block: Float64Array, from: number, rows: number): void;
  /** a_k. */
  output(k: number): number;
}

export type OutputLaw = "normal" | "sign" | "one";

const outputs: Readonly<Record<OutputLaw, (draws: Stream, k: number) => number>> = {
  normal: (draws, k) => draws.normalAt(k),
  sign: (draws, k) => 2 * draws.integerAt(k, 2) - 1,
  one: () => 1,
};

/** w ~ N(0, I) and a by a law with E[a^2] = 1, from streams of (seed, replica). */
export function gaussianWeights(m: number, d: number, seed = 0, replica = 0, law: OutputLaw = "normal"): WeightSource {
  const draws = stream(seed, `spectra/weights/${d}/${replica}/w`);
  const out = stream(seed, `spectra/weights/${d}/${replica}/a`);
  return {
    m,
    d,
    fill: (block, from, rows) => {
      for (let i = 0; i < rows * d; i++) block[i] = draws.normalAt(from * d + i);
    },
    output: (k) => outputs[law](out, k),
  };
}

/** All 2^d vectors of {-1, 1}^d, a = 1: the Gram matrix is then an exact expectation over Rademacher weights. */
export function allSigns(d: number): WeightSource {
  return {
    m: 2 ** d,
    d,
    fill: (block, from, rows) => {
      for (let i = 0; i < rows * d; i++)
        block[i] = Math.floor((from + Math.floor(i / d)) / 2 ** (i % d)) % 2 === 0 ? 1 : -1;
    },
    output: () => 1,
  };
}

/** The same weights through a function of each entry: a number format. */
export function mappedWeights(source: WeightSource, map: (x: number, index: number) => number): WeightSource {
  return {
    ...source,
    fill: (block, from, rows) => {
      source.fill(block, from, rows);
      for (let i = 0; i < rows * source.d; i++) block[i] = map(block[i], from * source.d + i);
    },
  };
}

/** Weights that are given, row-major [m, d]. */
export function givenWeights(w: Float64Array, a: Float64Array): WeightSource {
  const d = w.length / a.length;
  return {
    m: a.length,
    d,
    fill: (block, from, rows) => block.set(w.subarray(from * d, (from + rows) * d)),
    output: (k) => a[k],
  };
}
