/** How two gradients differ, as numbers: -0 equals +0, NaN equals NaN and is counted apart. */

export interface Difference {
  /** Entries that are unequal as numbers. */
  readonly unequal: number;
  readonly nan: number;
  /** Norms of the difference and of the reference. */
  readonly l1: number;
  readonly l2: number;
  readonly max: number;
  readonly reference: { readonly l1: number; readonly l2: number; readonly max: number };
}

/** Several buffers as one vector. */
export function difference(reference: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): Difference {
  let [unequal, nan, l1, square, max] = [0, 0, 0, 0, 0];
  const norm = { l1: 0, square: 0, max: 0 };
  reference.forEach((a, part) => {
    const b = other[part];
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [a[i], b[i]];
      if (Number.isNaN(x) || Number.isNaN(y)) {
        nan++;
        if (Number.isNaN(x) !== Number.isNaN(y)) unequal++;
        continue;
      }
      const size = Math.abs(x);
      norm.l1 += size;
      norm.square += size * size;
      if (size > norm.max) norm.max = size;
      if (x === y) continue;
      const d = Math.abs(y - x);
      unequal++;
      l1 += d;
      square += d * d;
      if (d > max) max = d;
    }
  });
  return {
    unequal,
    nan,
    l1,
    l2: Math.sqrt(square),
    max,
    reference: { l1: norm.l1, l2: Math.sqrt(norm.square), max: norm.max },
  };
}

/** Whether any entry is unequal; stops at the first. */
export function differs(reference: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): boolean {
  return reference.some((a, part) => {
    const b = other[part];
    for (let i = 0; i < a.length; i++) {
      if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return true;
    }
    return false;
  });
}

/** How far two gradients are apart, over all parameters. */
export interface Distance {
  /** Sums over the parameters of the L1 and the L-infinity norm of the difference (papers/maxpool 2.5). */
  readonly l1: number;
  readonly linf: number;
  /** L2 norm of the difference relative to that of the reference; null where the reference is zero. */
  readonly l2: number | null;
}

/** @returns The distance over entries that are numbers in both. */
export function distance(reference: readonly ArrayLike<number>[], other: readonly ArrayLike<number>[]): Distance {
  const parts = reference.map((a, part) => difference([a], [other[part]]));
  const sum = (of: (part: Difference) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const square = sum((part) => part.reference.l2 ** 2);
  return {
    l1: sum((part) => part.l1),
    linf: sum((part) => part.max),
    l2: square > 0 ? Math.sqrt(sum((part) => part.l2 ** 2) / square) : null,
  };
}

/** The share of entries that are zero of either sign. */
export function zeroShare(values: ArrayLike<number>): number {
  let zeros = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === 0) zeros++;
  return values.length === 0 ? 0 : zeros / values.length;
}
