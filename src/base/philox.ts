/**
 * Philox 4x32-10: a counter-based generator (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The same counter and key give the same words in any order, on any thread.
 */

export type Words4 = readonly [number, number, number, number];
export type Words2 = readonly [number, number];

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
/** Weyl increments: golden ratio and sqrt(3) - 1. */
const increment0 = 0x9e3779b9;
const increment1 = 0xbb67ae85;
const rounds = 10;

/** For those who print the generator in another language. */
export const philoxConstants: {
  readonly multipliers: readonly [number, number];
  readonly increments: readonly [number, number];
  readonly rounds: number;
} = { multipliers: [multiplier0, multiplier1], increments: [increment0, increment1], rounds: rounds };

/** High word of the 64-bit product of two unsigned 32-bit words, in 16-bit halves: no partial sum leaves 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Four random 32-bit words (unsigned) of a counter and a key (unsigned 32-bit words). */
export function philox(counter: Words4, key: Words2): Words4 {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let i = 0; i < rounds; i++) {
    const next0 = multiplyHigh(multiplier1, c2) ^ c1 ^ k0;
    const next2 = multiplyHigh(multiplier0, c0) ^ c3 ^ k1;
    c1 = Math.imul(multiplier1, c2);
    c3 = Math.imul(multiplier0, c0);
    c0 = next0;
    c2 = next2;
    k0 = (k0 + increment0) | 0;
    k1 = (k1 + increment1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}
