/** Gram matrices of networks of finite width, streamed over their units, in float64 or exactly. */
import { addTo, multiply, type Pair, twoProduct } from "./double-double.ts";
import { blockUnits, type FeatureOptions, FeatureStream, type Layer } from "./features.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import { row } from "./points.ts";

export interface WidthGram extends SymmetricMatrix {
  /** Share of pre-activations that are exactly on a kink. */
  readonly zeroShare: number;
}

const unit = 2 ** -53;

function withFeatures<T>(
  layer: Layer,
  options: FeatureOptions,
  use: (features: FeatureStream) => T,
): { result: T; zeroShare: number } {
  const features = new FeatureStream(layer, options);
  try {
    const result = use(features);
    return { result, zeroShare: features.zeros / (layer.weights.m * layer.points.n) };
  } finally {
    features.dispose();
  }
}

/** G = (1/m) sum_k a_k^2 phi'(w_k . x_i) phi'(w_k . x_j) <x_i, x_j> in float64. */
export function widthGram(layer: Layer, options: FeatureOptions = {}): WidthGram {
  const { weights } = layer;
  const points = layer.factors ?? layer.points;
  const { n } = points;
  const { result: high, zeroShare } = withFeatures(layer, options, (f) => f.products());
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = [row(points, i), row(points, j)];
      let inner = 0;
      for (let k = 0; k < points.d; k++) inner += x[k] * y[k];
      const entry = (high[i * n + j] * inner) / weights.m;
      high[i * n + j] = entry;
      high[j * n + i] = entry;
    }
  }
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, high[i * (n + 1)]);
  // Blocked sums: 256 terms, the blocks of one call, the calls.
  const terms = 256 + blockUnits / 256 + Math.ceil(weights.m / blockUnits) + points.d + 4;
  return { n, high, entryError: terms * unit * largest, zeroShare };
}

/** The same from the same features, with exact products and sums in double-double: G = M^T M to 2^-104. */
export function exactWidthGram(layer: Layer, options: FeatureOptions = {}): WidthGram {
  const { weights } = layer;
  const points = layer.factors ?? layer.points;
  const { n } = points;
  const high = new Float64Array(n * n);
  const low = new Float64Array(n * n);
  const { zeroShare } = withFeatures(layer, options, (features) =>
    features.eachBlock((block) => addProducts(block, n, high, low)),
  );
  const entry: Pair = { hi: 0, lo: 0 };
  const inner: Pair = { hi: 0, lo: 0 };
  const product: Pair = { hi: 0, lo: 0 };
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = [row(points, i), row(points, j)];
      inner.hi = 0;
      inner.lo = 0;
      for (let k = 0; k < points.d; k++) {
        twoProduct(x[k], y[k], product);
        addTo(inner, product.hi, product.lo);
      }
      multiply(entry, high[i * n + j], low[i * n + j], inner.hi, inner.lo);
      largest = Math.max(largest, Math.abs(entry.hi));
      for (const at of [i * n + j, j * n + i]) {
        high[at] = entry.hi;
        low[at] = entry.lo;
      }
    }
  }
  const scaled = high.map((x) => x / weights.m);
  // Dividing both parts rounds them apart: by a power of two it is exact, else the quotient's remainder goes into the low part.
  const lows = low.map((x, at) => {
    twoProduct(scaled[at], weights.m, product);
    return (high[at] - product.hi - product.lo + x) / weights.m;
  });
  return { n, high: scaled, low: lows, entryError: (2 ** -103 * largest) / weights.m, zeroShare };
}

/** Adds the products of all pairs of columns of a block to the lower triangle. */
function addProducts(block: Float64Array, n: number, high: Float64Array, low: Float64Array): void {
  const rows = block.length / n;
  const sum: Pair = { hi: 0, lo: 0 };
  const product: Pair = { hi: 0, lo: 0 };
  const columns = Array.from({ length: n }, (_, i) => Float64Array.from({ length: rows }, (_, k) => block[k * n + i]));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const [x, y] = [columns[i], columns[j]];
      sum.hi = high[i * n + j];
      sum.lo = low[i * n + j];
      for (let k = 0; k < rows; k++) {
        twoProduct(x[k], y[k], product);
        addTo(sum, product.hi, product.lo);
      }
      high[i * n + j] = sum.hi;
      low[i * n + j] = sum.lo;
    }
  }
}

/** The factor: one column per point of length m d with the blocks a_k phi'(w_k . x_i) x_i / sqrt m; G = M^T M. For small m. */
export function factorColumns(layer: Layer, options: FeatureOptions = {}): Float64Array[] {
  const { weights } = layer;
  const points = layer.factors ?? layer.points;
  const { n, d } = points;
  const { m } = weights;
  const columns = Array.from({ length: n }, () => new Float64Array(m * d));
  const scale = 1 / Math.sqrt(m);
  let from = 0;
  withFeatures(layer, options, (features) =>
    features.eachBlock((block) => {
      for (let k = 0; k < Math.min(blockUnits, m - from); k++) {
        for (let i = 0; i < n; i++) {
          const x = row(points, i);
          for (let c = 0; c < d; c++) columns[i][(from + k) * d + c] = block[k * n + i] * x[c] * scale;
        }
      }
      from += blockUnits;
    }),
  );
  return columns;
}
