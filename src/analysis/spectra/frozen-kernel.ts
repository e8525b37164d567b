/** What gradient descent would do if the Gram matrix stayed as it is: r_t = (I - eta G)^t r_0 (papers/activations 2.3). */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { SymmetricMatrix } from "./matrix.ts";

export interface FrozenKernel {
  /** Eigenvalues, negative rounding taken as 0, and the squared shares of the first residual on their eigenvectors. */
  readonly lambda: readonly number[];
  readonly shares: readonly number[];
}

export function frozenKernel({ n, high }: SymmetricMatrix, residual: ArrayLike<number>): FrozenKernel {
  const matrix = Matrix.from1DArray(n, n, high as unknown as number[]);
  const { eigenvectorMatrix: v, realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const squares = realEigenvalues.map((_, j) => {
    let inner = 0;
    for (let i = 0; i < n; i++) inner += v.get(i, j) * residual[i];
    return inner * inner;
  });
  const total = squares.reduce((a, b) => a + b, 0);
  return {
    lambda: realEigenvalues.map((value) => Math.max(0, value)),
    shares: squares.map((square) => square / total),
  };
}

/** Loss over first loss after t steps. */
export function predictedRatio({ lambda, shares }: FrozenKernel, eta: number, t: number): number {
  return lambda.reduce((sum, value, i) => sum + shares[i] * Math.abs(1 - eta * value) ** (2 * t), 0);
}

const mostSteps = 2 ** 60;

/** The first step at or below a level; Infinity beyond 2^60 steps. */
export function predictedSteps(kernel: FrozenKernel, eta: number, level: number): number {
  let high = 1;
  while (predictedRatio(kernel, eta, high) > level) {
    high *= 2;
    if (high > mostSteps) return Number.POSITIVE_INFINITY;
  }
  let low = high / 2;
  while (high - low > 1 && high < 2 ** 52) {
    const middle = Math.floor((low + high) / 2);
    if (predictedRatio(kernel, eta, middle) > level) low = middle;
    else high = middle;
  }
  return high;
}

/** ln(1 / level) / (eta lambda_min): the crude predictor that the theorem suggests. */
export function crudeSteps({ lambda }: FrozenKernel, eta: number, level: number): number {
  return Math.log(1 / level) / (eta * Math.min(...lambda));
}

/** ln(1 / level) / (2 eta mean), the mean eigenvalue weighted by the residual. */
export function weightedSteps({ lambda, shares }: FrozenKernel, eta: number, level: number): number {
  const mean = lambda.reduce((sum, value, i) => sum + shares[i] * value, 0);
  return Math.log(1 / level) / (2 * eta * mean);
}

/** R = sqrt(y^T G^-1 y) / sqrt m: how far weights must move, to be compared with the angular gap (flaw F5). */
export function neededMovement({ lambda, shares }: FrozenKernel, residual: ArrayLike<number>, m: number): number {
  let square = 0;
  for (let i = 0; i < residual.length; i++) square += residual[i] * residual[i];
  const weighted = lambda.reduce((sum, value, i) => sum + (shares[i] === 0 ? 0 : shares[i] / value), 0);
  return Math.sqrt((square * weighted) / m);
}
