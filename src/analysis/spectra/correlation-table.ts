/**
 * A kernel as a piecewise polynomial of the correlation, for large matrices: a few multiplications per entry in place of a closed
 * form or a series. Near correlations +-1, where kernels of kinks have square roots, the kernel itself is asked.
 */
import { angleOf, cosPi } from "../../base/angles.ts";

const cells = 1024;
const degree = 7;
/** Cells cover [-edge, edge]; 2 x the distance to the singularities is 108 half-widths: 108^-8 = 5e-17. */
const edge = 0.95;

const angleAt = (rho: number): number => angleOf(Math.sqrt((1 - rho) * (1 + rho)), rho);

/** Monomial coefficients of the interpolant at eight Chebyshev nodes of [-1, 1], by Newton's divided differences. */
function interpolant(nodes: Float64Array, values: Float64Array, out: Float64Array, at: number): void {
  const n = nodes.length;
  const divided = values.slice();
  for (let level = 1; level < n; level++) {
    for (let i = n - 1; i >= level; i--) {
      divided[i] = (divided[i] - divided[i - 1]) / (nodes[i] - nodes[i - level]);
    }
  }
  const c = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    for (let j = n - 1; j > 0; j--) c[j] = c[j - 1] - nodes[k] * c[j];
    c[0] = divided[k] - nodes[k] * c[0];
  }
  out.set(c, at);
}

export interface CorrelationTable {
  /** Largest |rho| that the table covers. */
  readonly edge: number;
  /** Cells over [-edge, edge], `width` coefficients in each, in the coordinate -1 .. 1 of the cell. */
  readonly coefficients: Float64Array;
  readonly cells: number;
  readonly width: number;
  /** What interpolation adds to the error of an entry, relative to the largest. */
  readonly error: number;
}

/** @param kernel A function of the angle. */
export function correlationTable(kernel: (t: number) => number): CorrelationTable {
  const width = degree + 1;
  const nodes = Float64Array.from({ length: width }, (_, i) => -cosPi((i + 0.5) / width));
  const values = new Float64Array(width);
  const coefficients = new Float64Array(cells * width);
  for (let cell = 0; cell < cells; cell++) {
    for (let i = 0; i < width; i++) values[i] = kernel(angleAt(edge * ((2 * cell + 1 + nodes[i]) / cells - 1)));
    interpolant(nodes, values, coefficients, cell * width);
  }
  return { edge, coefficients, cells, width, error: 2 ** -51 };
}

/** The table at rho, |rho| <= edge. */
export function lookUp({ coefficients: c }: CorrelationTable, rho: number): number {
  const position = (rho / edge + 1) * (cells / 2);
  const cell = Math.min(cells - 1, Math.floor(position));
  const x = 2 * (position - cell) - 1;
  const at = cell * (degree + 1);
  return (
    c[at] +
    x *
      (c[at + 1] +
        x * (c[at + 2] + x * (c[at + 3] + x * (c[at + 4] + x * (c[at + 5] + x * (c[at + 6] + x * c[at + 7]))))))
  );
}
