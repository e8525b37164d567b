/**
 * All eigenvalues of a symmetric matrix, values only: Householder reduction to tridiagonal form (Golub and Van Loan 8.3.1)
 * on the lower triangle, rank-two update and next product in one pass over memory, then implicit QL (Wilkinson and
 * Reinsch, imtql1). Backward stable: errors of a small multiple of the norm times 2^-53.
 */

export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i couples i and i + 1; the last is 0. */
  readonly beside: Float64Array;
}

/** Reduces from the last row up: row i is reflected onto its entry i - 1. `a` is row-major and is overwritten. */
export function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    diagonal[i] = a[i * n + i];
    const length = i;
    const row = a.subarray(i * n, i * n + length);
    beside[i - 1] = reflect(row, v, length);
    if (v[length - 1] === 0) continue;
    symmetricProduct(a, n, length, v, w);
    let along = 0;
    for (let j = 0; j < length; j++) along += v[j] * w[j];
    for (let j = 0; j < length; j++) w[j] -= (along / 2) * v[j];
    for (let j = 0; j < length; j++) {
      const [vj, wj] = [v[j], w[j]];
      const start = j * n;
      for (let k = 0; k <= j; k++) a[start + k] -= vj * w[k] + wj * v[k];
    }
  }
  diagonal[0] = a[0];
  return { diagonal, beside };
}

/** v with |v|^2 = 2 whose reflection I - v v^T takes x to (0, .., 0, result); v = 0 where x is that already. */
function reflect(x: Float64Array, v: Float64Array, length: number): number {
  let largest = 0;
  for (let j = 0; j < length; j++) largest = Math.max(largest, Math.abs(x[j]));
  let square = 0;
  if (largest > 0) for (let j = 0; j < length; j++) square += (x[j] / largest) ** 2;
  const last = x[length - 1];
  const norm = largest * Math.sqrt(square);
  v.fill(0, 0, length);
  if (norm === Math.abs(last)) return last;
  const result = last > 0 ? -norm : norm;
  const pivot = last - result;
  const scale = 1 / (Math.sqrt(norm) * Math.sqrt(Math.abs(pivot)));
  for (let j = 0; j < length - 1; j++) v[j] = x[j] * scale;
  v[length - 1] = pivot * scale;
  return result;
}

/** w = A v from the lower triangle. */
function symmetricProduct(a: Float64Array, n: number, length: number, v: Float64Array, w: Float64Array): void {
  w.fill(0, 0, length);
  for (let j = 0; j < length; j++) {
    const vj = v[j];
    const start = j * n;
    let sum = 0;
    for (let k = 0; k < j; k++) {
      const entry = a[start + k];
      sum += entry * v[k];
      w[k] += entry * vj;
    }
    w[j] += sum + a[start + j] * vj;
  }
}

const mostSweeps = 60;

/** Ascending eigenvalues of a tridiagonal matrix, whose arrays are overwritten. */
export function tridiagonalEigenvalues({ diagonal: d, beside: e }: Tridiagonal): Float64Array {
  const n = d.length;
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]) + Math.abs(e[i]));
  // Beside a relative test an absolute one: clusters of eigenvalues that are all rounding would never separate.
  const negligible = 2 ** -54 * norm;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > Math.max(negligible, 2 ** -53 * (Math.abs(d[m]) + Math.abs(d[m + 1])))) m++;
      if (m === l) break;
      if (sweep === mostSweeps) throw new Error(`tridiagonalEigenvalues: no convergence after ${mostSweeps} sweeps`);
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -1 : 1) * Math.sqrt(1 + g * g));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const [f, b] = [s * e[i], c * e[i]];
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          break;
        }
        s = f / r;
        c = g / r;
        const h = d[i + 1] - p;
        const t = (d[i] - h) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = h + p;
        g = c * t - b;
      }
      if (i >= l) e[m] = 0;
      else {
        d[l] -= p;
        e[l] = g;
        e[m] = 0;
      }
    }
  }
  return d.sort();
}

/** Ascending eigenvalues of a row-major symmetric matrix, of which the lower triangle is read; `a` is overwritten. */
export function symmetricEigenvalues(a: Float64Array, n: number): Float64Array {
  return tridiagonalEigenvalues(tridiagonalize(a, n));
}
