/** Named random streams over a counter: any draw can be had by its index, in any order, on any thread. */
import { UsageError } from "./errors.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { philox, type Words4 } from "./philox.ts";

/**
 * Draw number i is 64 bits of Philox 4x32-10, the same whatever is made of it; the sequential methods take the next
 * index, the `At` methods any index (an integer from 0 to 2^53 - 1) without moving it.
 */
export interface Stream {
  readonly name: string;
  /** Index of the next sequential draw. */
  position: number;
  /** Uniform in [0, 1), a multiple of 2^-24: a float32. */
  uniform32(): number;
  uniform32At(index: number): number;
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  uniformAt(index: number): number;
  /** Standard normal (inverse of the distribution at a 52-bit uniform, so |x| < 8.3). */
  normal(): number;
  normalAt(index: number): number;
  /** Uniform among 0 .. n - 1, bias below n * 2^-53. */
  integer(n: number): number;
  integerAt(index: number, n: number): number;
  /** A uniform permutation of 0 .. n - 1 (Fisher and Yates); takes n - 1 draws. */
  permutation(n: number): Int32Array;
  /** An independent stream whose name is `<this name>/<name>`. */
  substream(name: string): Stream;
}

/** Key of the name hash: "nons", "moot". */
const hashKey: readonly [number, number] = [0x6e6f6e73, 0x6d6f6f74];

/** 128 bits of (seed, name): the UTF-8 bytes, in blocks of 16, chained through Philox as a permutation. */
function hashName(seed: number, name: string): Words4 {
  const bytes = new TextEncoder().encode(name);
  const words = new Uint32Array(4 * Math.max(1, Math.ceil(bytes.length / 16)));
  for (let i = 0; i < bytes.length; i++) words[i >> 2] |= bytes[i] << (8 * (i & 3));
  let state = philox([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, bytes.length, 0], hashKey);
  for (let i = 0; i < words.length; i += 4) {
    const [a, b, c, d] = state;
    state = philox(
      [(a ^ words[i]) >>> 0, (b ^ words[i + 1]) >>> 0, (c ^ words[i + 2]) >>> 0, (d ^ words[i + 3]) >>> 0],
      hashKey,
    );
  }
  return state;
}

/**
 * The stream `name` of `seed` (an integer from 0 to 2^53 - 1).
 * @throws UsageError on any other seed.
 */
export function stream(seed: number, name: string): Stream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`stream '${name}': seed must be an integer from 0 to 2^53 - 1, found ${seed}`);
  }
  const [key0, key1, high0, high1] = hashName(seed, name);
  let cached = -1;
  let block: Words4 = [0, 0, 0, 0];
  /** Loads the block of a draw; the draw is its words `2 * (index & 1)` and the next. */
  const load = (index: number): boolean => {
    const number = Math.floor(index / 2);
    if (number !== cached) {
      block = philox([number >>> 0, Math.floor(number / 2 ** 32) >>> 0, high0, high1], [key0, key1]);
      cached = number;
    }
    return index % 2 === 0;
  };
  const high = (index: number): number => (load(index) ? block[0] : block[2]);
  const low = (index: number): number => (load(index) ? block[1] : block[3]);
  const uniform32At = (index: number): number => (high(index) >>> 8) * 2 ** -24;
  const uniformAt = (index: number): number => ((high(index) >>> 5) * 2 ** 26 + (low(index) >>> 6)) * 2 ** -53;
  const normalAt = (index: number): number =>
    normalQuantile(((high(index) >>> 6) * 2 ** 26 + (low(index) >>> 6) + 0.5) * 2 ** -52);
  const integerAt = (index: number, n: number): number => Math.floor(uniformAt(index) * n);
  const self: Stream = {
    name,
    position: 0,
    uniform32At,
    uniformAt,
    normalAt,
    integerAt,
    uniform32: () => uniform32At(self.position++),
    uniform: () => uniformAt(self.position++),
    normal: () => normalAt(self.position++),
    integer: (n) => integerAt(self.position++, n),
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = self.integer(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
    substream: (child) => stream(seed, `${name}/${child}`),
  };
  return self;
}
