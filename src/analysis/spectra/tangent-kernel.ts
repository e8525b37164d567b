/** The empirical neural tangent kernel of any program: the Gram matrix of the gradients of its outputs. */
import { pullback } from "../../autodiff/pullback.ts";
import { withResiduals } from "../../autodiff/residuals.ts";
import { compile } from "../../compile.ts";
import { type Convention, convention } from "../../conventions/convention.ts";
import type { Program } from "../../ir/program.ts";
import type { SymmetricMatrix } from "./matrix.ts";

export interface TangentOptions {
  /** Parameters; their gradients are the rows. */
  readonly wrt: readonly string[];
  /** Values of all inputs. */
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  /** Name of the output, each of whose elements is one function value. */
  readonly output: string;
  readonly convention?: Convention;
}

/** Rows: d output[i] / d parameters, by one pullback per element of the output, in float64. @throws UsageError on unknown names */
export function jacobianRows(program: Program, options: TangentOptions): Float64Array[] {
  const { wrt, inputs, output } = options;
  const backward = pullback(program, options.convention ?? convention("pytorch-1.13"), { wrt });
  const engine = compile({ forward: withResiduals(program, backward), backward }, { precision: "float64" });
  try {
    for (const [name, data] of Object.entries(inputs)) engine.write(name, data);
    engine.run("forward");
    const seed = engine.buffer(`d:${output}`);
    return Array.from({ length: seed.length }, (_, i) => {
      seed.fill(0);
      seed[i] = 1;
      engine.run("backward");
      const parts = wrt.map((name) => engine.buffer(`d:${name}`));
      const gradient = new Float64Array(parts.reduce((size, part) => size + part.length, 0));
      let at = 0;
      for (const part of parts) {
        gradient.set(part, at);
        at += part.length;
      }
      return gradient;
    });
  } finally {
    engine.dispose();
  }
}

/** J J^T; `entryError` covers the sums, not the rounding of the gradients themselves. */
export function tangentKernel(program: Program, options: TangentOptions): SymmetricMatrix {
  const rows = jacobianRows(program, options);
  const n = rows.length;
  const high = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < rows[i].length; k++) sum += rows[i][k] * rows[j][k];
      high[i * n + j] = sum;
      high[j * n + i] = sum;
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return { n, high, entryError: (rows[0]?.length ?? 0) * 2 ** -53 * largest };
}
