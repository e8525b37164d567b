/** The cosine transform of samples at midpoints, by a complex FFT of the same length (Makhoul 1980). */
import { cosPi, sinPi } from "../../base/angles.ts";

export class CosineTransform {
  readonly n: number;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  /** cos and sin of pi k / (2 n), k < 2 n. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Int32Array;

  /** @param n A power of two. */
  constructor(n: number) {
    this.n = n;
    this.#re = new Float64Array(n);
    this.#im = new Float64Array(n);
    this.#cos = Float64Array.from({ length: 2 * n }, (_, k) => cosPi(k / (2 * n)));
    this.#sin = Float64Array.from({ length: 2 * n }, (_, k) => sinPi(k / (2 * n)));
    const bits = Math.round(Math.log2(n));
    this.#reversed = Int32Array.from({ length: n }, (_, i) => {
      let reversed = 0;
      for (let b = 0; b < bits; b++) reversed |= ((i >> b) & 1) << (bits - 1 - b);
      return reversed;
    });
  }

  /** (1 / n) sum_j f_j cos(l (j + 1/2) pi / n), l = 0 .. n - 1. Absolute error a few log2(n) 2^-53 of the largest sample. */
  forward(f: Float64Array): Float64Array {
    const { n } = this;
    const [re, im] = [this.#re, this.#im];
    for (let j = 0; j < n; j++) {
      const from = 2 * j < n ? 2 * j : 2 * n - 1 - 2 * j;
      re[this.#reversed[j]] = f[from];
    }
    im.fill(0);
    this.#butterflies(re, im);
    return Float64Array.from({ length: n }, (_, l) => (this.#cos[l] * re[l] + this.#sin[l] * im[l]) / n);
  }

  /** In place, inputs in bit-reversed order. */
  #butterflies(re: Float64Array, im: Float64Array): void {
    const { n } = this;
    for (let half = 1; half < n; half *= 2) {
      const step = (2 * n) / half;
      for (let k = 0; k < half; k++) {
        // e^(-i pi k / half) from the table of angles pi / (2 n).
        const [c, s] = [this.#cos[k * step], -this.#sin[k * step]];
        for (let a = k; a < n; a += 2 * half) {
          const b = a + half;
          const [x, y] = [c * re[b] - s * im[b], c * im[b] + s * re[b]];
          re[b] = re[a] - x;
          im[b] = im[a] - y;
          re[a] += x;
          im[a] += y;
        }
      }
    }
  }
}
