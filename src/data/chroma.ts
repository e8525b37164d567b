/**
 * Upsampling of a JPEG's colours as libjpeg does it by default ("fancy upsampling", jdsample.c): a triangle filter with weights 3/4 and
 * 1/4 in each halved direction, in integers. Decoders that repeat samples shift colours by up to half a sample.
 */

/** Weights 3 and 1; the division by 4 (or, after two directions, 16) comes last. */
const near3 = (near: number, far: number): number => 3 * near + far;

/**
 * One line of `samples`, which are multiplied by `weight` already, doubled along x into `result`; rounding alternates between down and up
 * so that it does not drift.
 */
function doubleLine(
  samples: ArrayLike<number>,
  count: number,
  weight: 1 | 4,
  result: Uint8Array,
  at: number,
  width: number,
): void {
  const shift = weight === 1 ? 2 : 4;
  const [left, right] = weight === 1 ? [1, 2] : [8, 7];
  const put = (x: number, value: number): void => {
    if (x < width) result[at + x] = value;
  };
  for (let i = 0; i < count; i++) {
    const before = samples[Math.max(0, i - 1)];
    const after = samples[Math.min(count - 1, i + 1)];
    put(2 * i, (near3(samples[i], before) + left) >> shift);
    put(2 * i + 1, (near3(samples[i], after) + right) >> shift);
  }
}

/**
 * The plane [height, width] of a component that was stored at half the columns, and at half the rows if `halfRows`.
 * @param samples The stored samples, row-major [ceil(height / 2) or height, ceil(width / 2)].
 */
export function upsample(samples: Uint8Array, height: number, width: number, halfRows: boolean): Uint8Array {
  const columns = Math.ceil(width / 2);
  const rows = halfRows ? Math.ceil(height / 2) : height;
  const plane = new Uint8Array(height * width);
  const mixed = new Int32Array(columns);
  for (let y = 0; y < height; y++) {
    if (!halfRows) {
      doubleLine(samples.subarray(y * columns, (y + 1) * columns), columns, 1, plane, y * width, width);
      continue;
    }
    const near = y >> 1;
    const far = Math.min(rows - 1, Math.max(0, near + (y & 1 ? 1 : -1)));
    for (let x = 0; x < columns; x++) mixed[x] = near3(samples[near * columns + x], samples[far * columns + x]);
    doubleLine(mixed, columns, 4, plane, y * width, width);
  }
  return plane;
}
