/** A square symmetric matrix whose entries may have a low part (double-double), and how well they are known. */

export interface SymmetricMatrix {
  readonly n: number;
  /** Row-major, both triangles. */
  readonly high: Float64Array;
  /** Low parts, where the entries are double-double numbers. */
  readonly low?: Float64Array;
  /** Bound on the error of every entry. */
  readonly entryError: number;
  /**
   * Bound on relative perturbations in the order of quadratic forms: the matrix lies between 1 -+ this times the exact
   * one, so every eigenvalue has this relative error. A sum of positive semidefinite parts with accurate coefficients.
   */
  readonly relativeError?: number;
}

export function traceOf({ n, high }: SymmetricMatrix): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += high[i * n + i];
  return sum;
}

/** The Frobenius norm, a bound of the largest eigenvalue. */
export function frobenius({ high }: SymmetricMatrix): number {
  let sum = 0;
  for (const entry of high) sum += entry * entry;
  return Math.sqrt(sum);
}
