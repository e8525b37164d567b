/**
 * One-sided Jacobi: singular values of a factor by rotations that make its columns orthogonal (Hestenes 1958). For columns
 * of very different length the small values keep their relative accuracy (Demmel and Veselic 1992), which an eigensolver
 * of the Gram matrix loses.
 */

const mostSweeps = 60;

const dot = (x: Float64Array, y: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
};

/** Rotates x and y so that they are orthogonal; x becomes the longer. */
function rotate(x: Float64Array, y: Float64Array, a: number, b: number, inner: number): void {
  const zeta = (b - a) / (2 * inner);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = c * t;
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i], y[i]];
    x[i] = c * p - s * q;
    y[i] = s * p + c * q;
  }
}

/**
 * Descending singular values of the matrix with these columns, which are overwritten.
 * @throws Error if the rotations do not converge.
 */
export function singularValues(columns: readonly Float64Array[]): Float64Array {
  const n = columns.length;
  const tolerance = Math.max(4, Math.sqrt(columns[0]?.length ?? 0)) * 2 ** -53;
  for (let sweep = 0; ; sweep++) {
    let rotations = 0;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const [x, y] = [columns[i], columns[j]];
        const [a, b, inner] = [dot(x, x), dot(y, y), dot(x, y)];
        if (Math.abs(inner) <= tolerance * Math.sqrt(a) * Math.sqrt(b)) continue;
        rotate(x, y, a, b, inner);
        rotations++;
      }
    }
    if (rotations === 0) break;
    if (sweep === mostSweeps) throw new Error(`singularValues: no convergence after ${mostSweeps} sweeps`);
  }
  return Float64Array.from(columns, (x) => Math.sqrt(dot(x, x)))
    .sort()
    .reverse();
}
