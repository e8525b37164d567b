/** Sets of points of unit norm: what a Gram matrix is made of (papers/activations 3.2). */

import { angleBetween, cosPi, sinPi } from "../../base/angles.ts";
import { UsageError } from "../../base/errors.ts";
import { stream } from "../../base/random.ts";

export interface Points {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  /** Row-major [n, d]. */
  readonly rows: Float64Array;
  /** Equidistant points of an arc in the plane: the angle between i and j is exactly |i - j| times `step` (up to a turn). */
  readonly arc?: { readonly kind: "half" | "full"; readonly step: number };
  /** Rows have the norms of the file instead of 1. */
  readonly raw?: boolean;
}

export function row({ rows, d }: Points, i: number): Float64Array {
  return rows.subarray(i * d, (i + 1) * d);
}

/** Euclidean, without overflow. */
function normOf(x: Float64Array): number {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(x.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

function unit(x: Float64Array): Float64Array {
  const norm = normOf(x);
  return norm === 0 ? x : x.map((value) => value / norm);
}

/** In [0, pi]. Arcs are computed from their angles, not from dot products (flaw F14). */
export function angle(points: Points, i: number, j: number): number {
  if (points.arc === undefined) {
    const [x, y] = [row(points, i), row(points, j)];
    return points.raw === true ? angleBetween(unit(x), unit(y)) : angleBetween(x, y);
  }
  const turn = Math.abs(i - j) * (points.arc.kind === "half" ? 1 : 2);
  const steps = points.arc.kind === "full" && turn > points.n ? 2 * points.n - turn : turn;
  return (Math.PI * steps) / points.n;
}

function arc(kind: "half" | "full", n: number): Points {
  const step = (kind === "half" ? 1 : 2) / n;
  const rows = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    rows[2 * i] = cosPi(i * step);
    rows[2 * i + 1] = sinPi(i * step);
  }
  return { name: kind === "half" ? "half-circle" : "circle", n, d: 2, rows, arc: { kind, step: Math.PI * step } };
}

/** D1: angles pi i / n. */
export const halfCircle = (n: number): Points => arc("half", n);
/** D2: angles 2 pi i / n; an even n has antipodal pairs. */
export const circle = (n: number): Points => arc("full", n);

/** Rows divided by their norms. @throws UsageError on a zero row or one that is not finite. */
export function unitRows(name: string, rows: Float64Array, n: number, d: number): Points {
  if (n < 1 || d < 1) throw new UsageError(`${name}: ${n} points of dimension ${d}; expected at least one of each`);
  const scaled = new Float64Array(rows.length);
  for (let i = 0; i < n; i++) {
    const norm = normOf(rows.subarray(i * d, (i + 1) * d));
    if (!Number.isFinite(norm)) throw new UsageError(`${name}: row ${i} holds NaN or Infinity`);
    if (norm === 0) throw new UsageError(`${name}: row ${i} is zero, it has no direction`);
    for (let k = i * d; k < (i + 1) * d; k++) scaled[k] = rows[k] / norm;
  }
  return { name, n, d, rows: scaled };
}

/** D3: independent uniform points of the sphere in R^d. */
export function sphere(n: number, d: number, seed = 0, replica = 0): Points {
  const draws = stream(seed, `spectra/sphere/${n}x${d}/${replica}`);
  return unitRows(
    `sphere:${d}`,
    Float64Array.from({ length: n * d }, () => draws.normal()),
    n,
    d,
  );
}

/** D5: points of `span` dimensions in R^d, plus `noise` times points of the whole sphere, renormalized; D4 without noise. */
export function nearSpan(n: number, span: number, d: number, noise: number, seed = 0, replica = 0): Points {
  const inner = sphere(n, span, seed, replica);
  const outer = sphere(n, d, seed, replica + 1_000_000);
  const rows = outer.rows.map((x) => noise * x);
  for (let i = 0; i < n; i++) for (let k = 0; k < span; k++) rows[i * d + k] += inner.rows[i * span + k];
  return unitRows(`span:${span} in ${d}`, rows, n, d);
}

/** D6: the vectors of {-1, 1}^d / sqrt d with first entry positive. */
export function hypercube(d: number): Points {
  const n = 2 ** (d - 1);
  const entry = 1 / Math.sqrt(d);
  const rows = Float64Array.from({ length: n * d }, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d];
    return k > 0 && (i >> (k - 1)) % 2 === 1 ? -entry : entry;
  });
  return { name: `hypercube:${d}`, n, d, rows };
}

/** The first `n` points. */
export function firstPoints(points: Points, n: number): Points {
  if (n > points.n) throw new UsageError(`--n is ${n}; ${points.name} has ${points.n} points`);
  const { arc: _, ...rest } = points;
  return n === points.n ? points : { ...rest, n, rows: points.rows.slice(0, n * points.d) };
}
