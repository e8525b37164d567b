/** Eigenvalues of a Gram matrix with a bound on the error of each: an eigensolver, or the factor where that is too coarse. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { choleskyFactor, scaledCondition } from "./cholesky.ts";
import { singularValues } from "./jacobi.ts";
import { frobenius, type SymmetricMatrix } from "./matrix.ts";
import { symmetricEigenvalues } from "./tridiagonal.ts";

export interface Eigenvalues {
  /** Ascending. */
  readonly values: Float64Array;
  /** Absolute. */
  readonly errors: Float64Array;
  readonly method: string;
}

const unit = 2 ** -53;
/** Beyond, eigenvectors for a residual cost too much: values only, and an a-priori bound. */
export const mostWithVectors = 300;

/**
 * A = V diag(values) V^T + E with |E| <= |A V - V diag| / s + |values| |V^T V - I|, s the smallest singular value of V:
 * Weyl's theorem then bounds every error by |E| (Frobenius norms, computed from the residual).
 */
function withResidual(a: SymmetricMatrix): Eigenvalues {
  const { n, high } = a;
  const matrix = Matrix.from1DArray(n, n, high as unknown as number[]);
  const { eigenvectorMatrix: v, realEigenvalues: values } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from(v.getColumn(j)));
  let [residual, skew, size] = [0, 0, 0];
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      let [sum, inner] = [0, 0];
      for (let k = 0; k < n; k++) {
        sum += high[i * n + k] * columns[j][k];
        inner += columns[i][k] * columns[j][k];
      }
      residual += (sum - values[j] * columns[j][i]) ** 2;
      skew += (inner - (i === j ? 1 : 0)) ** 2;
    }
    size = Math.max(size, Math.abs(values[j]));
  }
  const apart = Math.sqrt(skew);
  // The residual itself is rounded: n products per entry, n^2 entries.
  const bound = Math.sqrt(residual) / (1 - apart) + size * apart + n * unit * frobenius(a);
  return bounded(a, Float64Array.from(values).sort(), bound, "eigensolver with residual");
}

function bounded(a: SymmetricMatrix, values: Float64Array, bound: number, method: string): Eigenvalues {
  // Entry errors form a matrix of 2-norm at most n times the largest.
  const error = bound + a.n * a.entryError;
  return { values, errors: values.map((value) => error + (a.relativeError ?? 0) * Math.abs(value)), method };
}

/** In float64: resolves eigenvalues above about n 2^-53 times the largest. */
export function eigenvalues(a: SymmetricMatrix): Eigenvalues {
  if (a.n <= mostWithVectors) return withResidual(a);
  const values = symmetricEigenvalues(a.high.slice(), a.n);
  return bounded(a, values, a.n * unit * frobenius(a), "tridiagonal eigensolver");
}

/**
 * By a double-double Cholesky factor and one-sided Jacobi: resolves eigenvalues above about n 2^-104 times the trace.
 * Eigenvalues beyond the rank of the factor are given as 0 with the bound of what was left.
 */
export function factoredEigenvalues(a: SymmetricMatrix): Eigenvalues {
  const factor = choleskyFactor(a);
  const rank = factor.columns.length;
  // Rounding the factor and rotating it: relative errors of a few n 2^-53 times the condition of the scaled factor.
  const relative = 8 * a.n * unit * scaledCondition(factor) + (a.relativeError ?? 0);
  const sigma = singularValues(factor.columns.map((column) => column.slice()));
  const values = new Float64Array(a.n);
  for (let i = 0; i < rank; i++) values[a.n - 1 - i] = sigma[i] * sigma[i];
  const absolute = factor.left + a.n * a.entryError;
  const errors = values.map((value) => absolute + relative * value);
  return { values, errors, method: "double-double factor and one-sided Jacobi" };
}
