/**
 * Philox 4x32-10: a counter-based generator (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The same counter and key give the same words in any order, on any thread.
 */

export type Words4 = readonly [number, number, number, number];
export type Words2 = readonly [number, number];

const multipliers: Words2 = [0xd2511f53, 0xcd9e8d57];
/** Weyl increments: golden ratio and sqrt(3) - 1. */
const increments: Words2 = [0x9e3779b9, 0xbb67ae85];
const rounds = 10;

/** High word of the 64-bit product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Four random 32-bit words (unsigned) of a counter and a key (unsigned 32-bit words). */
export function philox(counter: Words4, key: Words2): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let i = 0; i < rounds; i++) {
    const high0 = multiplyHigh(multipliers[0], c0);
    const high1 = multiplyHigh(multipliers[1], c2);
    const low0 = Math.imul(multipliers[0], c0) >>> 0;
    const low1 = Math.imul(multipliers[1], c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + increments[0]) >>> 0;
    k1 = (k1 + increments[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}
