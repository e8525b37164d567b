/**
 * Bilinear resampling of 8-bit images with antialiasing, bit for bit as Pillow's `resize(BILINEAR)` does it (what torchvision calls
 * on photographs): a triangle filter, widened where the image shrinks, in 22-bit fixed point, horizontally then vertically.
 */
import type { Picture } from "./picture.ts";

const fractionBits = 22;
const half = 1 << (fractionBits - 1);

interface Weights {
  /** Taps per output, at most. */
  readonly taps: number;
  /** First input of each output, and its number of taps. */
  readonly first: Int32Array;
  readonly length: Int32Array;
  /** [outputs, taps], fixed point, each row summing to 1 up to rounding. */
  readonly values: Int32Array;
}

function weightsOf(inputs: number, outputs: number): Weights {
  const scale = inputs / outputs;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const [first, length] = [new Int32Array(outputs), new Int32Array(outputs)];
  const values = new Int32Array(outputs * taps);
  const row = new Float64Array(taps);
  for (let out = 0; out < outputs; out++) {
    const center = (out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputs, Math.trunc(center + support + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      row[k] = Math.max(0, 1 - Math.abs((k + from - center + 0.5) * (1 / support)));
      sum += row[k];
    }
    for (let k = 0; k < count; k++) values[out * taps + k] = Math.trunc(0.5 + (row[k] / sum) * 2 ** fractionBits);
    [first[out], length[out]] = [from, count];
  }
  return { taps, first, length, values };
}

/**
 * One pass along an axis of `outer` x inputs x `inner` bytes to `outer` x outputs x `inner`.
 * A sum of 255 times weights that add up to 2^22 stays below 2^31.
 */
function pass(pixels: Uint8Array, outer: number, inputs: number, inner: number, outputs: number): Uint8Array {
  if (inputs === outputs) return pixels;
  const { taps, first, length, values } = weightsOf(inputs, outputs);
  const result = new Uint8Array(outer * outputs * inner);
  for (let o = 0; o < outer; o++) {
    for (let out = 0; out < outputs; out++) {
      const from = (o * inputs + first[out]) * inner;
      const to = (o * outputs + out) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = half;
        for (let k = 0; k < length[out]; k++) sum += pixels[from + k * inner + i] * values[out * taps + k];
        const value = sum >> fractionBits;
        result[to + i] = value > 255 ? 255 : value;
      }
    }
  }
  return result;
}

/** The picture at another size. */
export function resize(picture: Picture, height: number, width: number): Picture {
  const wide = pass(picture.pixels, picture.height, picture.width, 3, width);
  return { height, width, pixels: pass(wide, 1, picture.height, 3 * width, height) };
}

/** The picture with its shorter side at `side`; the longer one is cut to whole pixels. */
export function resizeShorterSide(picture: Picture, side: number): Picture {
  const { height, width } = picture;
  if (width <= height) return resize(picture, Math.trunc((side * height) / width), side);
  return resize(picture, side, Math.trunc((side * width) / height));
}
