/** Cholesky factorization with complete pivoting, in double-double: the factor that one-sided Jacobi reads. */
import { addTo, divide, multiply, type Pair, squareRoot } from "./double-double.ts";
import { type SymmetricMatrix, traceOf } from "./matrix.ts";

export interface CholeskyFactor {
  /** A = L L^T up to `left`: columns of L in order of the pivots, rounded to float64, rows as in A. */
  readonly columns: readonly Float64Array[];
  /** Places of the pivots. */
  readonly order: Int32Array;
  /** Bound on the 2-norm of A - L L^T: rounding of the factorization, and what was left below the floor. */
  readonly left: number;
}

/** Unit roundoff of double-double products. */
const unit = 2 ** -104;

/** @param a Positive semidefinite up to its own errors; entries without low parts are taken as exact. */
export function choleskyFactor(a: SymmetricMatrix): CholeskyFactor {
  const { n } = a;
  const high = a.high.slice();
  const low = a.low?.slice() ?? new Float64Array(n * n);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const trace = traceOf(a);
  const floor = n * unit * trace;
  const columns: Float64Array[] = [];
  const [pivot, inverse, x]: Pair[] = [0, 0, 0].map(() => ({ hi: 0, lo: 0 }));
  const ch = new Float64Array(n);
  const cl = new Float64Array(n);
  let left = (n + 1) * unit * trace;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (high[order[i] * (n + 1)] > high[order[best] * (n + 1)]) best = i;
    [order[k], order[best]] = [order[best], order[k]];
    const p = order[k];
    if (!(high[p * (n + 1)] > floor)) {
      left += floor + remainder(high, order, k);
      break;
    }
    squareRoot(pivot, high[p * (n + 1)], low[p * (n + 1)]);
    divide(inverse, 1, 0, pivot.hi, pivot.lo);
    const column = new Float64Array(n);
    column[p] = pivot.hi;
    for (let i = k + 1; i < n; i++) {
      const at = order[i] * n + p;
      multiply(x, high[at], low[at], inverse.hi, inverse.lo);
      column[order[i]] = x.hi;
      ch[i] = x.hi;
      cl[i] = x.lo;
    }
    columns.push(column);
    for (let i = k + 1; i < n; i++) {
      for (let j = k + 1; j <= i; j++) {
        multiply(x, ch[i], cl[i], ch[j], cl[j]);
        const at = order[i] * n + order[j];
        pivot.hi = high[at];
        pivot.lo = low[at];
        addTo(pivot, -x.hi, -x.lo);
        const mirrored = order[j] * n + order[i];
        high[at] = pivot.hi;
        low[at] = pivot.lo;
        high[mirrored] = pivot.hi;
        low[mirrored] = pivot.lo;
      }
    }
  }
  return { columns, order, left };
}

/** Frobenius norm of what is left to factor from the k-th pivot on. */
function remainder(high: Float64Array, order: Int32Array, k: number): number {
  const n = order.length;
  let square = 0;
  for (let i = k; i < n; i++) for (let j = k; j < n; j++) square += high[order[i] * n + order[j]] ** 2;
  return Math.sqrt(square);
}

/** Product of the Frobenius norms of B and its inverse, B the factor with columns of unit length: bounds its condition. */
export function scaledCondition({ columns, order }: CholeskyFactor): number {
  const r = columns.length;
  const lengths = columns.map((column) => Math.sqrt(column.reduce((sum, x) => sum + x * x, 0)));
  const b = (i: number, j: number): number => columns[j][order[i]] / lengths[j];
  let square = 0;
  const solution = new Float64Array(r);
  for (let column = 0; column < r; column++) {
    for (let i = column; i < r; i++) {
      let sum = i === column ? 1 : 0;
      for (let j = column; j < i; j++) sum -= b(i, j) * solution[j];
      solution[i] = sum / b(i, i);
      square += solution[i] ** 2;
    }
  }
  return Math.sqrt(r * square);
}
