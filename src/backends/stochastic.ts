/** The uniform draws of stochastic rounding: a counter, never an order (docs/numerics.md). */
import { philox, type Words2, type Words4 } from "../base/philox.ts";
import type { Precision } from "../formats/precision.ts";

/** `k` for the result of an element, as against the terms of its sum. */
export const resultDraw: number = -1;

/**
 * Uniform in [0, 1) with 53 bits from (seed, node, step, element, k): Philox 4x32-10 with key (seed low, node) and
 * counter (element, k, step, seed high).
 */
export function stochasticUniform(seed: number, node: number, step: number, element: number, k: number): number {
  return uniformOf([element >>> 0, k >>> 0, step >>> 0, highWord(seed)], [seed >>> 0, node >>> 0]);
}

function uniformOf(counter: Words4, key: Words2): number {
  const [a, b] = philox(counter, key);
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) * 2 ** -53;
}

const highWord = (seed: number): number => Math.floor(seed / 2 ** 32) >>> 0;

/** The last counter word of draws of expressions: seeds are below 2^53, so no draw of a rounding has this bit. */
export const drawHighWord = (seed: number): number => (highWord(seed) | 0x80000000) >>> 0;

/**
 * The `draw` of an expression: uniform in [0, 1) with 53 bits, Philox 4x32-10 with key (seed low, stream) and counter
 * (a, b, step, seed high + 2^31).
 */
export function drawUniform(seed: number, stream: number, step: number, a: number, b: number): number {
  return uniformOf([a >>> 0, b >>> 0, step >>> 0, drawHighWord(seed)], [seed >>> 0, stream >>> 0]);
}

export interface Draws {
  set(element: number, step: number): void;
  at(k: number): number;
}

/** Draws for one node; 0 where the rounding mode needs none. */
export function drawCoordinates(precision: Precision, node: number): Draws {
  if (precision.rounding !== "stochastic") return { set: () => undefined, at: () => 0 };
  let [element, step] = [0, 0];
  return {
    set: (e, s) => {
      [element, step] = [e, s];
    },
    at: (k) => stochasticUniform(precision.seed, node, step, element, k),
  };
}
