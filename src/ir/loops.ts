/**
 * Loop shapes: the few forms that every op is lowered to, and the only thing that a backend knows.
 * Numbers of values refer to `Kernel.values`. All strides and offsets are in elements.
 */
import type { Shape } from "../base/shape.ts";
import type { Expr } from "./expression.ts";

/**
 * The element type of a value: "int32", "bool" (0 or 1), or a *format slot* that a precision fills: "store",
 * "accumulate", "operands", or the name of a format.
 */
export type ElementType = string;

export interface ValueType {
  readonly shape: Shape;
  readonly type: ElementType;
}

/** How a loop reads a value: one stride per loop axis (0 repeats), from an offset. */
export interface Access {
  readonly value: number;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** out_j[i] = round_j(expr_j(inputs at i)), outputs row-major of shape `shape`. */
export interface MapLoop {
  /** Program node that this loop belongs to: a coordinate of stochastic rounding. */
  readonly node: number;
  readonly loop: "map";
  readonly shape: Shape;
  readonly inputs: readonly Access[];
  readonly outputs: readonly { readonly value: number; readonly expr: Expr }[];
}

/**
 * out[o] = round(finish(combine over r of element(inputs at o, r))), r row-major over `reduced`.
 * `sum`: each term is rounded to the accumulate format, terms are added in blocks (docs/numerics.md).
 * `max`, `min`: exact; empty is -Infinity / Infinity. Access strides and `index` axes run over [...outer, ...reduced].
 * `finish` sees the combined value as input 0 (in the accumulate format for sums; default: itself).
 */
export interface ReduceLoop {
  readonly node: number;
  readonly loop: "reduce";
  readonly outer: Shape;
  readonly reduced: Shape;
  readonly inputs: readonly Access[];
  readonly element: Expr;
  readonly combine: "sum" | "max" | "min";
  readonly finish?: Expr;
  readonly output: number;
}

/**
 * out[b, m, n] = round(blocked sum over k of a[b, m, k] * c[b, k, n] (+ bias[b, m, n])), where b, m, n and k are
 * multi-indices: matrix products and convolutions alike. The sum runs over k row-major. Operands are first rounded to the
 * `operands` format; the sum is in the accumulate format; `bias: once` adds the bias in the accumulate format before the
 * only rounding, `bias: rounded` rounds, adds, rounds. Axes of the accesses: a [...batch, ...m, ...k],
 * b [...batch, ...k, ...n], bias and output [...batch, ...m, ...n]. Several loops may write parts of one value.
 */
export interface ContractLoop {
  readonly node: number;
  readonly loop: "contract";
  readonly batch: Shape;
  readonly m: Shape;
  readonly n: Shape;
  readonly k: Shape;
  readonly a: Access;
  readonly b: Access;
  readonly bias?: Access;
  readonly output: Access;
}

/**
 * Copies without arithmetic. Each piece fills the box `at .. at + shape` of the output from an access whose loop axes
 * are those of the piece; what no piece covers is +0. Pieces do not overlap.
 */
export interface MoveLoop {
  readonly node: number;
  readonly loop: "move";
  readonly shape: Shape;
  readonly pieces: readonly { readonly at: readonly number[]; readonly shape: Shape; readonly from: Access }[];
  readonly output: number;
}

/**
 * Table look-up along one axis: out[p, i, q] = table[p, indices[i], q], table [p, rows, q], indices [i].
 * `scatter` is its adjoint written as a gather: out[p, r, q] = blocked sum over i with indices[i] = r, in increasing i,
 * of table[p, i, q]; out [p, rows, q].
 */
export interface GatherLoop {
  readonly node: number;
  readonly loop: "gather";
  readonly mode: "gather" | "scatter";
  readonly outer: number;
  readonly rows: number;
  readonly count: number;
  readonly inner: number;
  readonly table: number;
  readonly indices: number;
  readonly output: number;
}

export type Loop = MapLoop | ReduceLoop | ContractLoop | MoveLoop | GatherLoop;

/** A lowered program: what a backend compiles. Loops are in order of execution. */
export interface Kernel {
  readonly values: readonly ValueType[];
  readonly inputs: readonly { readonly name: string; readonly value: number }[];
  /** `alias`: the name of an input whose buffer the output takes over (an in-place update). */
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly alias?: string }[];
  readonly loops: readonly Loop[];
  /** Run-time scalars with their initial values. */
  readonly choices: readonly { readonly name: string; readonly value: number }[];
}
