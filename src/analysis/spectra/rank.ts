/**
 * Exact ranks of the Gram matrices of polynomial activations: points with rational coordinates of unit norm, arithmetic modulo
 * a prime. A rank modulo a prime never exceeds the rational one, and equals it unless the prime divides a minor.
 */
import { UsageError } from "../../base/errors.ts";
import { stream } from "../../base/random.ts";

/** 2^26 - 5: products of residues are exact in float64. */
const prime = 67_108_859;

const times = (a: number, b: number): number => (a * b) % prime;

function power(base: number, exponent: number): number {
  let [result, square, e] = [1, base % prime, exponent];
  for (; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

const inverse = (a: number): number => power(a, prime - 2);
const residue = (x: number): number => ((x % prime) + prime) % prime;

/** Row-major [n, d] residues of rational points of the unit sphere: stereographic images of integer points. */
function spherePoints(n: number, d: number, seed: number, replica: number): Float64Array {
  const draws = stream(seed, `spectra/rank/${n}x${d}/${replica}`);
  const points = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let square = 0;
    const u = Array.from({ length: d - 1 }, () => draws.integer(prime - 1) + 1);
    for (const x of u) square = (square + times(x, x)) % prime;
    const scale = inverse((square + 1) % prime);
    u.forEach((x, k) => {
      points[i * d + k] = times(times(2, x), scale);
    });
    points[i * d + d - 1] = times(residue(square - 1), scale);
  }
  return points;
}

/**
 * H = sum_k (E[phi^(k+1)])^2 / k! rho^(k+1): `moments` are E[phi^(k+1)] times a common factor, integers; phi = sum c_j z^j has
 * E[phi^(k)] = sum_j c_j j! / (j - k)! (j - k - 1)!! over even j - k.
 */
function kernelCoefficients(coefficients: readonly number[]): number[] {
  const degree = coefficients.length - 1;
  const result: number[] = [];
  for (let k = 1; k <= degree; k++) {
    let moment = 0;
    for (let j = k; j <= degree; j += 2) {
      let term = residue(coefficients[j]);
      for (let i = 0; i < k; i++) term = times(term, j - i);
      for (let i = j - k - 1; i > 1; i -= 2) term = times(term, i);
      moment = (moment + term) % prime;
    }
    let factorial = 1;
    for (let i = 2; i < k; i++) factorial = times(factorial, i);
    result.push(times(times(moment, moment), inverse(factorial)));
  }
  return result;
}

function rankOf(matrix: Float64Array[], columns: number): number {
  let rank = 0;
  for (let column = 0; column < columns && rank < matrix.length; column++) {
    const pivot = matrix.findIndex((row, i) => i >= rank && row[column] !== 0);
    if (pivot < 0) continue;
    [matrix[rank], matrix[pivot]] = [matrix[pivot], matrix[rank]];
    const top = matrix[rank];
    const scale = inverse(top[column]);
    for (let i = rank + 1; i < matrix.length; i++) {
      const row = matrix[i];
      if (row[column] === 0) continue;
      const factor = prime - times(row[column], scale);
      for (let k = column; k < columns; k++) row[k] = (row[k] + factor * top[k]) % prime;
    }
    rank++;
  }
  return rank;
}

/**
 * The rank of H on `n` random rational points of the sphere in R^d, for phi = sum coefficients[j] z^j with integer coefficients.
 * @throws UsageError on other coefficients, or a degree or dimension below 1 (2 for the sphere).
 */
export function polynomialRank(coefficients: readonly number[], n: number, d: number, seed = 0, replica = 0): number {
  if (coefficients.some((c) => !Number.isInteger(c))) {
    throw new UsageError(`rank: coefficients ${coefficients.join(", ")}; expected integers (scale them)`);
  }
  if (coefficients.length < 2) throw new UsageError("rank: a constant has no Gram matrix; expected degree 1 or more");
  if (d < 2) throw new UsageError(`rank: dimension ${d}; expected at least 2`);
  const kernel = kernelCoefficients(coefficients);
  const points = spherePoints(n, d, seed, replica);
  const matrix = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rho = 0;
      for (let k = 0; k < d; k++) rho = (rho + points[i * d + k] * points[j * d + k]) % prime;
      const value = times(
        rho,
        kernel.reduceRight((sum, c) => (times(sum, rho) + c) % prime, 0),
      );
      matrix[i][j] = value;
      matrix[j][i] = value;
    }
  }
  return rankOf(matrix, n);
}

const choose = (n: number, k: number): number => {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
};

/**
 * The rank that generic points give: spherical harmonics of the degrees that occur. All degrees to p: C(d+p-1, p) +
 * C(d+p-2, p-1); only those of the parity of p: C(d+p-1, p) (papers/activations E4).
 */
export function genericRank(coefficients: readonly number[], d: number): number {
  const p = coefficients.length - 1;
  const kernel = kernelCoefficients(coefficients);
  const other = kernel.some((c, k) => c !== 0 && (p - (k + 1)) % 2 !== 0);
  return choose(d + p - 1, p) + (other ? choose(d + p - 2, p - 1) : 0);
}
