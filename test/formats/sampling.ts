/** Seeded words and awkward numbers for the tests of formats. */

/** xorshift32: unsigned words, never 0. */
export function words(seed: number): () => number {
  let state = (seed * 0x9e3779b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Any float64 bit pattern. */
export function anyFloat64(draw: () => number): number {
  return new Float64Array(new Uint32Array([draw(), draw()]).buffer)[0];
}

/** A float64 with exponent within `range` of 0 and few or many significant bits. */
export function float64Near(draw: () => number, range: number): number {
  const exponent = (draw() % (2 * range + 1)) - range;
  const keep = draw() % 54;
  const fraction = 1 + ((draw() >>> 6) * 2 ** 26 + (draw() >>> 6)) * 2 ** -52;
  const scale = 2 ** keep;
  const cut = Math.floor(fraction * scale) / scale;
  const magnitude = cut * 2 ** exponent;
  return draw() % 2 === 0 ? magnitude : -magnitude;
}
