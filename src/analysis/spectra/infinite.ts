/** Gram matrices of infinitely wide networks: first layer, all layers, any depth, with and without a bias. */

import { angleOf, cosPi } from "../../base/angles.ts";
import type { Activation } from "./activation.ts";
import { correlationTable, lookUp } from "./correlation-table.ts";
import { type Dual, dualOf } from "./dual.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import { angle, type Points, row } from "./points.ts";

export type BiasUse = "none" | "fixed" | "trained";

export interface InfiniteOptions {
  /** Hidden layers; default 1. */
  readonly depth?: number;
  /** first: P_L, only the first layer is trained; all: T_L, the neural tangent kernel. */
  readonly layers?: "first" | "all" | "second";
  /** A bias of variance 1 in the (first) hidden layer. Depth 1 only. */
  readonly bias?: BiasUse;
  /** phi is shifted to mean 0 and scaled to E[phi^2] = 1 (papers/activations 2.10); plain: only scaled; none: as it is. */
  readonly normalization?: "none" | "plain" | "centred";
}

/** Sum of the products of norms over |x - y| and |x + y|, as the angle of correlations that a recursion has made. */
const angleOfCorrelation = (rho: number): number => {
  const clipped = Math.min(1, Math.max(-1, rho));
  return angleOf(Math.sqrt((1 - clipped) * (1 + clipped)), clipped);
};

function fill(n: number, entry: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = entry(i, j);
      matrix[i * n + j] = value;
      matrix[j * n + i] = value;
    }
  }
  return matrix;
}

/** <x, y> with the cosine of an exact angle where there is one. */
function inner(points: Points, i: number, j: number): number {
  if (points.arc !== undefined) return cosPi(angle(points, i, j) / Math.PI);
  const [x, y] = [row(points, i), row(points, j)];
  let sum = 0;
  for (let k = 0; k < points.d; k++) sum += x[k] * y[k];
  return sum;
}

/** Points from which a table pays. */
const leastForTable = 400;
const tile = 64;

/** <x_i, x_j> for j from `from` below `to`, four at a time. */
function innerProducts(rows: Float64Array, d: number, i: number, from: number, to: number, out: Float64Array): void {
  let j = from;
  for (; j + 4 <= to; j += 4) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    const b = j * d;
    for (let k = 0; k < d; k++) {
      const x = rows[i * d + k];
      s0 += x * rows[b + k];
      s1 += x * rows[b + d + k];
      s2 += x * rows[b + 2 * d + k];
      s3 += x * rows[b + 3 * d + k];
    }
    out[j - from] = s0;
    out[j - from + 1] = s1;
    out[j - from + 2] = s2;
    out[j - from + 3] = s3;
  }
  for (; j < to; j++) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += rows[i * d + k] * rows[j * d + k];
    out[j - from] = sum;
  }
}

/**
 * <x, y> times the kernel by a table of the correlation; pairs near +-1 by their angle, which dot products do not give. Tiles, so
 * that both triangles are written within the cache.
 */
function byTable(points: Points, kernel: (t: number) => number): Float64Array {
  const { n, d, rows } = points;
  const table = correlationTable((t) => cosPi(t / Math.PI) * kernel(t));
  const high = new Float64Array(n * n);
  const known = (i: number, j: number, rho: number): number => {
    if (Math.abs(rho) < table.edge) return lookUp(table, rho);
    return i === j ? kernel(0) : cosPi(angle(points, i, j) / Math.PI) * kernel(angle(points, i, j));
  };
  const products = new Float64Array(tile);
  for (let top = 0; top < n; top += tile) {
    for (let left = 0; left <= top; left += tile) {
      for (let i = top; i < Math.min(n, top + tile); i++) {
        const end = Math.min(i + 1, left + tile);
        innerProducts(rows, d, i, left, end, products);
        for (let j = left; j < end; j++) high[i * n + j] = known(i, j, products[j - left]);
      }
      for (let j = left; j < Math.min(n, left + tile); j++) {
        for (let i = Math.max(top, j + 1); i < Math.min(n, top + tile); i++) high[j * n + i] = high[i * n + j];
      }
    }
  }
  return high;
}

/** H = <x, y> E[phi' phi'] (first layer) and, for all layers, + E[phi phi]. With a bias z has variance 2. */
function shallow(points: Points, activation: Activation, options: InfiniteOptions): SymmetricMatrix {
  const bias = options.bias ?? "none";
  const dual = dualOf(activation, bias === "none" ? 1 : Math.SQRT2);
  if (
    points.n >= leastForTable &&
    bias === "none" &&
    (options.layers ?? "first") === "first" &&
    points.arc === undefined
  ) {
    return { n: points.n, high: byTable(points, dual.slope), entryError: 2 * dual.error + 2 ** -48 * dual.slope(0) };
  }
  const high = fill(points.n, (i, j) => {
    const rho = inner(points, i, j);
    const t = bias === "none" ? angle(points, i, j) : angleOfCorrelation((rho + 1) / 2);
    const first = (bias === "trained" ? rho + 1 : rho) * dual.slope(t);
    if (options.layers === "second") return dual.value(t);
    return options.layers === "all" ? first + dual.value(t) : first;
  });
  return { n: points.n, high, entryError: 2 * dual.error };
}

interface Normalized {
  readonly slope: (t: number) => number;
  readonly value: (t: number) => number;
}

/** The duals of (phi - mean) / sd. */
function normalized(dual: Dual, centred: boolean): Normalized {
  const shift = centred ? dual.mean * dual.mean : 0;
  const scale = 1 / (dual.value(0) - shift);
  return { slope: (t) => scale * dual.slope(t), value: (t) => scale * (dual.value(t) - shift) };
}

/** S_l = k_s(S_(l-1)); P_L = S_0 prod k'_s(S_l); T_l = T_(l-1) k'_s(S_(l-1)) + S_l (papers/activations 2.10). */
function deep(points: Points, activation: Activation, options: InfiniteOptions): SymmetricMatrix {
  const { n } = points;
  const depth = options.depth ?? 1;
  const dual = dualOf(activation);
  const kernel = normalized(dual, options.normalization === "centred");
  let angles = fill(n, (i, j) => angle(points, i, j));
  const first = fill(n, (i, j) => inner(points, i, j));
  const all = first.slice();
  for (let layer = 0; layer < depth; layer++) {
    const correlations = angles.map((t) => kernel.value(t));
    for (let i = 0; i < n * n; i++) {
      const slope = kernel.slope(angles[i]);
      first[i] *= slope;
      const diagonal = Math.floor(i / n) === i % n;
      all[i] = all[i] * slope + (diagonal ? 1 : correlations[i]);
    }
    // The diagonal is 1 by normalization; rounding would make it drift (flaw F13).
    angles = correlations.map((rho, i) => (Math.floor(i / n) === i % n ? 0 : angleOfCorrelation(rho)));
  }
  const high = options.layers === "all" ? all : first;
  const largest = high.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  // Near the diagonal an error e of a correlation is one of sqrt(e) of the angle, so of kinked kernels: measured, not proved.
  return { n, high, entryError: 1e-10 * largest };
}

/** In float64, for any activation. @throws UsageError where depth and bias are both given. */
export function infiniteGram(points: Points, activation: Activation, options: InfiniteOptions = {}): SymmetricMatrix {
  const normalization = options.normalization ?? "none";
  return (options.depth ?? 1) === 1 && normalization === "none"
    ? shallow(points, activation, options)
    : deep(points, activation, options);
}
