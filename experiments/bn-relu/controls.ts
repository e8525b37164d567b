/** Controls of E7: what is done to a trained network before its gradients are measured again. */
import { type Stream, stream } from "../../src/base/random.ts";
import type { Parameter } from "../../src/nn/network.ts";

export type Weights = Readonly<Record<string, Float64Array>>;

/** [rows, columns] = [outputs, inputs], kernels flattened. */
type Change = (w: Float64Array, rows: number, columns: number, seed: number, name: string) => Float64Array;

function shuffled(w: Float64Array, draws: Stream): Float64Array {
  const order = draws.permutation(w.length);
  return w.map((_, i) => w[order[i]]);
}

const rotations = new Map<string, Float64Array>();

/** One rotation per size and control serves all layers, which are independent of it: it takes n^3 steps to make. */
function rotation(n: number, seed: number, side: string): Float64Array {
  const key = `${n}/${seed}/${side}`;
  const found = rotations.get(key) ?? orthogonal(n, stream(seed, `bn-relu/rotation/${side}/${n}`));
  if (rotations.size > 16) rotations.clear();
  rotations.set(key, found);
  return found;
}

/** A uniform orthogonal matrix: Gram and Schmidt, twice, on normal rows. */
export function orthogonal(n: number, draws: Stream): Float64Array {
  const q = Float64Array.from({ length: n * n }, () => draws.normal());
  for (let i = 0; i < n; i++) {
    const row = q.subarray(i * n, (i + 1) * n);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = q.subarray(j * n, (j + 1) * n);
        let inner = 0;
        for (let k = 0; k < n; k++) inner += row[k] * other[k];
        for (let k = 0; k < n; k++) row[k] -= inner * other[k];
      }
    }
    let square = 0;
    for (let k = 0; k < n; k++) square += row[k] * row[k];
    const norm = Math.sqrt(square);
    for (let k = 0; k < n; k++) row[k] /= norm;
  }
  return q;
}

/** [rows, inner] times [inner, columns]. */
function product(a: Float64Array, b: Float64Array, rows: number, inner: number, columns: number): Float64Array {
  const c = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      for (let j = 0; j < columns; j++) c[i * columns + j] += factor * b[k * columns + j];
    }
  }
  return c;
}

const changes: Readonly<Record<string, Change>> = {
  permuted: (w, _rows, _columns, seed, name) => shuffled(w, stream(seed, `bn-relu/permuted/${name}`)),
  "inputs rotated": (w, rows, columns, seed) => product(w, rotation(columns, seed, "inputs"), rows, columns, columns),
  "outputs rotated": (w, rows, columns, seed) => product(rotation(rows, seed, "outputs"), w, rows, rows, columns),
  "inputs permuted": (w, _rows, columns, seed, name) => {
    const order = stream(seed, `bn-relu/inputs permuted/${name}`).permutation(columns);
    return w.map((_, i) => w[i - (i % columns) + order[i % columns]]);
  },
};

/** "trained" and "noise" leave the weights alone; "affine reset" sets gamma 1 and beta 0. */
export const controlNames: readonly string[] = ["trained", "noise", ...Object.keys(changes), "affine reset"];

/** The weights under a control; the classifier and biases stay. */
export function controlled(
  control: string,
  weights: Weights,
  parameters: readonly Parameter[],
  seed: number,
): Record<string, Float64Array> {
  const matrices = parameters.filter(({ layer, bias }) => layer !== "norm" && !bias).slice(0, -1);
  const result: Record<string, Float64Array> = { ...weights };
  const change = changes[control];
  if (change !== undefined) {
    for (const { name, shape } of matrices) {
      const [rows] = shape;
      const columns = weights[name].length / rows;
      result[name] = change(weights[name], rows, columns, seed, name);
    }
  }
  if (control === "affine reset") {
    for (const { name, layer, bias } of parameters) {
      if (layer === "norm") result[name] = weights[name].map(() => (bias ? 0 : 1));
    }
  }
  return result;
}
