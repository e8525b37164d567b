/** Gram matrices of infinitely wide networks with smooth activations, in double-double by their power series. */
import type { Activation } from "./activation.ts";
import { addTo, divide, multiply, type Pair, squareRoot, twoProduct } from "./double-double.ts";
import type { InfiniteOptions } from "./infinite.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import { type Points, row } from "./points.ts";
import { applySeries, entrywise, kernelSeries, type PairMatrix } from "./series.ts";

/** Exact sum of products, rounded to double-double. */
function dotProduct(x: Float64Array, y: Float64Array): Pair {
  const sum: Pair = { hi: 0, lo: 0 };
  const product: Pair = { hi: 0, lo: 0 };
  for (let k = 0; k < x.length; k++) {
    twoProduct(x[k], y[k], product);
    addTo(sum, product.hi, product.lo);
  }
  return sum;
}

/** <x, y> / |x| |y| of the stored rows, exactly 1 on the diagonal. */
export function correlations(points: Points): PairMatrix {
  const { n } = points;
  const matrix: PairMatrix = { high: new Float64Array(n * n), low: new Float64Array(n * n) };
  const norms = Array.from({ length: n }, (_, i) => {
    const square = dotProduct(row(points, i), row(points, i));
    squareRoot(square, square.hi, square.lo);
    return square;
  });
  const length: Pair = { hi: 0, lo: 0 };
  for (let i = 0; i < n; i++) {
    matrix.high[i * (n + 1)] = 1;
    for (let j = 0; j < i; j++) {
      const rho = dotProduct(row(points, i), row(points, j));
      multiply(length, norms[i].hi, norms[i].lo, norms[j].hi, norms[j].lo);
      divide(rho, rho.hi, rho.lo, length.hi, length.lo);
      for (const at of [i * n + j, j * n + i]) {
        matrix.high[at] = rho.hi;
        matrix.low[at] = rho.lo;
      }
    }
  }
  return matrix;
}

const sumOf = (c: Float64Array): number => c.reduce((sum, x) => sum + x, 0);

function sum(a: PairMatrix, b: PairMatrix): PairMatrix {
  const result: PairMatrix = { high: a.high.slice(), low: a.low.slice() };
  const pair: Pair = { hi: 0, lo: 0 };
  for (let i = 0; i < a.high.length; i++) {
    pair.hi = a.high[i];
    pair.lo = a.low[i];
    addTo(pair, b.high[i], b.low[i]);
    result.high[i] = pair.hi;
    result.low[i] = pair.lo;
  }
  return result;
}

/** Coefficients of (phi - mean) / sd, or as they are. */
function normalizedSeries(
  series: { slope: Float64Array; value: Float64Array },
  normalization: InfiniteOptions["normalization"],
): { slope: Float64Array; value: Float64Array } {
  if (normalization === undefined || normalization === "none") return series;
  const value = series.value.slice();
  if (normalization === "centred") value[0] = 0;
  const scale = 1 / sumOf(value);
  return { slope: series.slope.map((c) => scale * c), value: value.map((c) => scale * c) };
}

/**
 * As `infiniteGram`, without a bias, in double-double; undefined for kinks and for series that are too long. Relative errors
 * are those of the coefficients, which the recursion multiplies at most by the depth. The diagonal of S_l is 1 up to 2^-52 and
 * stays as it is: setting it to 1 would add 1e-16 to every eigenvalue, or take it away.
 */
export function exactInfiniteGram(
  points: Points,
  activation: Activation,
  options: InfiniteOptions = {},
): SymmetricMatrix | undefined {
  const series = kernelSeries(activation);
  if (series === undefined || (options.bias ?? "none") !== "none") return undefined;
  const { slope, value } = normalizedSeries(series, options.normalization);
  const { n } = points;
  const depth = options.depth ?? 1;
  let s = correlations(points);
  let first = s;
  let all: PairMatrix = s;
  let second: PairMatrix = s;
  for (let layer = 0; layer < depth; layer++) {
    const slopes = applySeries(slope, s);
    first = entrywise(first, slopes);
    const values = applySeries(value, s);
    second = values;
    all = layer === 0 ? sum(first, values) : sum(entrywise(all, slopes), values);
    s = values;
  }
  const chosen = options.layers === "all" ? all : options.layers === "second" ? second : first;
  const largest = chosen.high.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  // Horner's rule: every partial sum is rounded once, and the partial sums add up to sum (k + 1) c_k at most.
  const partial = series.slope.reduce((total, c, k) => total + (k + 1) * c, 0);
  const entryError = (depth * (series.tail + 2 ** -102 * partial) * largest) / sumOf(series.slope);
  return { n, ...chosen, entryError, relativeError: depth * 1e-13 };
}
