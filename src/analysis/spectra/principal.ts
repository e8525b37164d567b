/** Principal components of points: coordinates in the k directions of largest variance, and how many hold the energy. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { UsageError } from "../../base/errors.ts";
import { type Points, unitRows } from "./points.ts";

export interface Principal {
  /** Descending variances, at most n of them. */
  readonly variances: Float64Array;
  /** The first k coordinates of the centred points, scaled to unit norm again. @throws UsageError if k is too large */
  project(k: number): Points;
}

/** From the n x n matrix of inner products of the centred rows: d may be large. */
export function principalComponents(points: Points): Principal {
  const { n, d, rows } = points;
  const mean = new Float64Array(d);
  for (let at = 0; at < n * d; at++) mean[at % d] += rows[at] / n;
  const centred = Float64Array.from(rows, (x, at) => x - mean[at % d]);
  const gram = new Matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      const [a, b] = [i * d, j * d];
      for (let k = 0; k < d; k++) sum += centred[a + k] * centred[b + k];
      gram.set(i, j, sum);
      gram.set(j, i, sum);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((i, j) => realEigenvalues[j] - realEigenvalues[i]);
  const variances = Float64Array.from(order, (i) => Math.max(0, realEigenvalues[i]));
  return {
    variances,
    project(k) {
      if (k < 1 || k >= n || !(variances[k - 1] > 1e-12 * variances[0])) {
        throw new UsageError(`${points.name}: ${k} principal components; ${n} points have fewer`);
      }
      const coordinates = new Float64Array(n * k);
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < k; c++)
          coordinates[i * k + c] = eigenvectorMatrix.get(i, order[c]) * Math.sqrt(variances[c]);
      }
      return unitRows(`${points.name}, ${k} components`, coordinates, n, k);
    },
  };
}

/** The least number of components that hold a share of the energy. */
export function componentsFor({ variances }: Principal, share: number): number {
  const total = variances.reduce((a, b) => a + b, 0);
  let sum = 0;
  const found = variances.findIndex((value) => {
    sum += value;
    return sum >= share * total;
  });
  return found + 1;
}
