/** constant: numbers written into the program. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import { add, type Expr, index, constant as literal, lt, mul, option, select } from "../ir/expression.ts";
import { applyTraced, type Tensor } from "../ir/trace.ts";
import { isFloatType } from "./infer.ts";
import type { Op, Options } from "./op.ts";

/** Longer lists belong into an input. */
const mostValues = 256;

function infer(options: Options): { shape: number[]; type: string } {
  const values = options.values as readonly number[];
  const shape = options.shape as readonly number[];
  if (values.length > mostValues) {
    throw new UsageError(`constant: ${values.length} values, expected at most ${mostValues}; make it an input`);
  }
  if (values.length !== 1 && values.length !== sizeOf(shape)) {
    throw new ShapeError(
      `constant: ${values.length} values for shape ${showShape(shape)}, expected 1 or ${sizeOf(shape)}`,
    );
  }
  return { shape: [...shape], type: options.type as string };
}

/** values[i] at the row-major index i, by halving. */
function lookUp(values: readonly Expr[], from: number, to: number, at: Expr): Expr {
  if (to - from === 1) return values[from];
  const middle = (from + to) >> 1;
  return select(lt(at, literal(middle)), lookUp(values, from, middle, at), lookUp(values, middle, to, at));
}

export const constantOp: Op = {
  name: "constant",
  doc: "Numbers written into the program, rounded to the type; one value fills the shape.",
  operands: [],
  options: [
    { name: "values", type: "numbers", doc: "one value, or as many as the shape holds, row-major" },
    { name: "shape", type: "integers", default: [], doc: "shape of the result" },
    { name: "type", type: "string", default: "store", doc: "type of the result" },
  ],
  kinks: [],
  infer: (_inputs, options) => [infer(options)],
  lower: (at) => {
    const { shape, type } = at.type(at.outputs[0]);
    const scalar = isFloatType(type) ? option : literal;
    const values = (at.node.options.values as readonly number[]).map(scalar);
    const places = stridesOf(shape).map((stride, axis) => mul(index(axis), literal(stride)));
    const expr =
      values.length < 2 ? (values[0] ?? literal(0)) : lookUp(values, 0, values.length, places.reduce(add, literal(0)));
    at.emit({ node: at.node.id, loop: "map", shape, inputs: [], outputs: [{ value: at.outputs[0], expr }] });
  },
  pullback: () => [],
  pushforward: () => [undefined],
};

/**
 * A constant of the program being traced.
 * @param values One number to fill the shape, or all of them, row-major (at most 256).
 * @throws ShapeError where the count does not fit; UsageError outside of a trace.
 */
export function constant(values: number | readonly number[], shape: Shape = [], type = "store"): Tensor {
  return applyTraced(constantOp, [], { values: typeof values === "number" ? [values] : values, shape, type })[0];
}
