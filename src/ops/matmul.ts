/** Matrix products with NumPy's rules for 1-d operands and broadcast batch axes. */
import { ShapeError } from "../base/errors.ts";
import { broadcastShapes, broadcastStrides, type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { sumTo } from "./apply-expression.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Lowering, Op, Options } from "./op.ts";
import { addAll, apply, reshapeTo } from "./rules.ts";

interface Product {
  /** Operand shapes with at least two axes, as stored. */
  readonly a: Shape;
  readonly b: Shape;
  readonly batch: Shape;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** The result's shape: without the axes that 1-d operands lack. */
  readonly shape: Shape;
}

/** @throws ShapeError where the inner extents differ or the batch axes do not broadcast. */
function productOf(x: Shape, y: Shape, { transposeA, transposeB }: Options): Product {
  const fail = (why: string): ShapeError => {
    const flags = `${transposeA === true ? " (transposed)" : ""} and ${showShape(y)}${transposeB === true ? " (transposed)" : ""}`;
    return new ShapeError(`matmul: shapes ${showShape(x)}${flags}: ${why}`);
  };
  if (x.length === 0 || y.length === 0) throw fail("a scalar has no matrix product; use mul");
  if ((x.length === 1 && transposeA === true) || (y.length === 1 && transposeB === true)) {
    throw fail("a vector is not transposed");
  }
  const a = x.length === 1 ? [1, ...x] : x;
  const b = y.length === 1 ? [...y, 1] : y;
  const [rowsA, columnsA] = a.slice(-2);
  const [rowsB, columnsB] = b.slice(-2);
  const [m, k] = transposeA === true ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB === true ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) throw fail(`the sums have ${k} terms on the left and ${inner} on the right`);
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  if (batch === undefined) throw fail("the batch axes do not broadcast");
  const shape = [...batch, ...(x.length === 1 ? [] : [m]), ...(y.length === 1 ? [] : [n])];
  return { a, b, batch, m, k, n, shape };
}

/** Strides over [...batch, rows, columns] of the operand as the product sees it. */
function stridesIn(batch: Shape, shape: Shape, transposed: boolean): number[] {
  const matrix = stridesOf(shape).slice(-2);
  const size = sizeOf(shape.slice(-2));
  const outer = broadcastStrides(shape.slice(0, -2), batch).map((stride) => stride * size);
  return [...outer, ...(transposed ? matrix.reverse() : matrix)];
}

function lower({ node, inputs, outputs, type, emit }: Lowering): void {
  const [x, y] = inputs.map((value) => type(value).shape);
  const product = productOf(x, y, node.options);
  const { a, b, batch, m, n, k } = product;
  const transposeA = node.options.transposeA === true;
  const aStrides = stridesIn(batch, a, transposeA);
  const bStrides = stridesIn(batch, b, node.options.transposeB === true);
  // One right matrix for all rows: the batch axes are more rows.
  const folds = b.length === 2 && !transposeA;
  const outer = folds ? [] : batch;
  const rows = folds ? sizeOf(batch) * m : m;
  emit({
    node: node.id,
    loop: "contract",
    batch: outer,
    m: [rows],
    n: [n],
    k: [k],
    a: { value: inputs[0], strides: folds ? aStrides.slice(-2) : aStrides, offset: 0 },
    b: { value: inputs[1], strides: folds ? bStrides.slice(-2) : bStrides, offset: 0 },
    output: { value: outputs[0], strides: stridesOf([...outer, rows, n]), offset: 0 },
  });
}

export const matmulOp: Op = {
  name: "matmul",
  doc: "Matrix product over the last two axes; 1-d operands and batch axes as NumPy has them.",
  operands: ["a", "b"],
  options: [
    { name: "transposeA", type: "boolean", default: false, doc: "read the last two axes of a swapped" },
    { name: "transposeB", type: "boolean", default: false, doc: "read the last two axes of b swapped" },
  ],
  kinks: [],
  infer: ([a, b], options) => [
    { shape: productOf(a.shape, b.shape, options).shape, type: floatTypeOf("matmul", [a, b]) },
  ],
  lower,
  pullback: (builder, at, [cotangent]) => {
    if (cotangent === undefined) return [undefined, undefined];
    const [x, y] = at.inputs.map((value) => builder.type(value).shape);
    const { transposeA, transposeB } = at.options;
    const { a, b, batch, m, n, k } = productOf(x, y, at.options);
    const left = reshapeTo(builder, at.inputs[0], a);
    const right = reshapeTo(builder, at.inputs[1], b);
    const g = reshapeTo(builder, cotangent, [...batch, m, n]);
    const product = (p: number, q: number, options: Options): number => apply(builder, "matmul", [p, q], options);
    const da =
      transposeA === true
        ? product(right, g, { transposeA: transposeB, transposeB: true })
        : product(g, right, { transposeB: transposeB !== true });
    // One right matrix for all rows: its gradient is one sum over all rows.
    const shared = b.length === 2 && a.length > 2 && transposeA !== true;
    const rows = [sizeOf(batch) * m, k];
    const stacked = shared ? reshapeTo(builder, left, rows) : left;
    const gRows = shared ? reshapeTo(builder, g, [rows[0], n]) : g;
    const db =
      transposeB === true
        ? product(gRows, stacked, { transposeA: true, transposeB: transposeA })
        : product(stacked, gRows, { transposeA: transposeA !== true });
    return [reshapeTo(builder, sumTo(builder, da, a), x), reshapeTo(builder, sumTo(builder, db, b), y)];
  },
  pushforward: (b, at, [ta, tb]) => {
    const [x, y] = at.inputs;
    const terms = [
      ta === undefined ? undefined : apply(b, "matmul", [ta, y], at.options),
      tb === undefined ? undefined : apply(b, "matmul", [x, tb], at.options),
    ];
    return [addAll(b, terms)];
  },
};

/** Matrix product, batched and broadcast as NumPy does. @throws ShapeError */
export function matmul(a: Operand, b: Operand, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
  return call(matmulOp, [a, b], options);
}
