/**
 * Controls for alignment (papers/bn-relu E7): the same numbers in an order that the activations know nothing of. Each returns a
 * new array and draws from the stream that it is given.
 */
import type { Stream } from "../../base/random.ts";
import { fillNormal } from "./network.ts";

/** (P): the entries of a weight in random order. */
export function permutedEntries(weight: ArrayLike<number>, draws: Stream): Float64Array {
  return Float64Array.from(draws.permutation(weight.length), (at) => weight[at]);
}

/**
 * W O with O uniform among orthogonal matrices of the input side: singular values, row norms and the low-rank part stay, only
 * the orientation to the inputs is lost. O is a product of Householder reflections of normal vectors of growing length and
 * random signs (Stewart 1980).
 * @param shape [outputs, inputs, ...taps]: of a convolution every tap is rotated alike
 */
export function rotatedInputs(weight: ArrayLike<number>, shape: readonly number[], draws: Stream): Float64Array {
  const [outputs, inputs, ...rest] = shape;
  const taps = rest.reduce((size, extent) => size * extent, 1);
  const w = Float64Array.from(weight);
  for (let size = inputs; size >= 2; size--) {
    const v = new Float64Array(size);
    fillNormal(v, draws);
    const from = inputs - size;
    const length = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    v[0] += v[0] < 0 ? -length : length;
    const scale = 2 / v.reduce((sum, x) => sum + x * x, 0);
    for (let o = 0; o < outputs; o++) {
      for (let tap = 0; tap < taps; tap++) {
        const at = (i: number): number => (o * inputs + from + i) * taps + tap;
        let along = 0;
        for (let i = 0; i < size; i++) along += w[at(i)] * v[i];
        for (let i = 0; i < size; i++) w[at(i)] -= scale * along * v[i];
      }
    }
  }
  for (let i = 0; i < inputs; i++) {
    if (draws.uniform() < 0.5) continue;
    for (let o = 0; o < outputs; o++) {
      for (let tap = 0; tap < taps; tap++) w[(o * inputs + i) * taps + tap] *= -1;
    }
  }
  return w;
}

/** The input channels of a weight in random order, for all outputs alike. @param shape [outputs, inputs, ...taps] */
export function permutedInputs(weight: ArrayLike<number>, shape: readonly number[], draws: Stream): Float64Array {
  const [outputs, inputs, ...rest] = shape;
  const taps = rest.reduce((size, extent) => size * extent, 1);
  const order = draws.permutation(inputs);
  return Float64Array.from({ length: outputs * inputs * taps }, (_, at) => {
    const [tap, row] = [at % taps, Math.floor(at / taps)];
    return weight[(row - (row % inputs) + order[row % inputs]) * taps + tap];
  });
}

/** (N): standard normal noise in place of the inputs. */
export function noiseInputs(count: number, draws: Stream): Float64Array {
  const x = new Float64Array(count);
  fillNormal(x, draws);
  return x;
}

/** Every input feature in a random order of its own over the samples: marginals stay, correlations go. @param x [batch, features] */
export function shuffledFeatures(x: ArrayLike<number>, batch: number, draws: Stream): Float64Array {
  const features = x.length / batch;
  const shuffled = new Float64Array(x.length);
  for (let feature = 0; feature < features; feature++) {
    const order = draws.permutation(batch);
    for (let i = 0; i < batch; i++) shuffled[i * features + feature] = x[order[i] * features + feature];
  }
  return shuffled;
}
