/** Labelled images as every reader yields them, and their scaling. */

export interface ImageSet {
  /** "mnist". */
  readonly name: string;
  readonly split: Split;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** Row-major [count, channels, height, width], in file order. */
  readonly images: Uint8Array;
  /** [count], each in 0..classes-1. */
  readonly labels: Uint8Array;
  /** "sha256:..." over the inflated files, images then labels. */
  readonly checksum: string;
  /** Whether the files are the published ones, by checksum. */
  readonly standard: boolean;
}

export type Split = "train" | "test";

/** pixel / 255, correctly rounded to float32; the shape of `pixels`. */
export function scaled(pixels: Uint8Array): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, value) => value / 255);
  const result = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) result[i] = table[pixels[i]];
  return result;
}
