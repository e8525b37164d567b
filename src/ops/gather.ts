/** Table look-up along an axis, and its adjoint. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import type { ValueType } from "../ir/loops.ts";
import type { Tensor } from "../ir/trace.ts";
import { axisOf } from "./arguments.ts";
import { call } from "./call.ts";
import type { Lowering, Op, Options } from "./op.ts";
import { apply } from "./rules.ts";

function checkIndices(op: string, indices: ValueType): void {
  if (indices.type !== "int32") throw new UsageError(`${op}: indices of type ${indices.type}, expected int32`);
}

function emitGather(context: Lowering, mode: "gather" | "scatter", axis: number): void {
  const { node, inputs, outputs, type, emit } = context;
  const [table, indices] = inputs;
  const long = type(mode === "gather" ? table : outputs[0]).shape;
  emit({
    node: node.id,
    loop: "gather",
    mode,
    outer: sizeOf(long.slice(0, axis)),
    rows: long[axis],
    count: sizeOf(type(indices).shape),
    inner: sizeOf(long.slice(axis + 1)),
    table,
    indices,
    output: outputs[0],
  });
}

export const gatherOp: Op = {
  name: "gather",
  doc: "Entries of a table along an axis by index: the axis is replaced by the shape of the indices.",
  operands: ["table", "indices"],
  options: [{ name: "axis", type: "integer", default: 0, doc: "the axis that is indexed" }],
  kinks: [],
  infer: ([table, indices], options) => {
    checkIndices("gather", indices);
    const axis = axisOf("gather", table.shape, options.axis);
    const shape = [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)];
    return [{ shape, type: table.type }];
  },
  lower: (context) => {
    const { shape } = context.type(context.inputs[0]);
    emitGather(context, "gather", axisOf("gather", shape, context.node.options.axis));
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return [undefined, undefined];
    const [table, indices] = at.inputs;
    const { shape } = b.type(table);
    const axis = axisOf("gather", shape, at.options.axis);
    return [apply(b, "scatterAdd", [g, indices], { axis, rows: shape[axis] }), undefined];
  },
  pushforward: (b, at, [t]) => (t === undefined ? [undefined] : b.apply("gather", [t, at.inputs[1]], at.options)),
};

/** The shape [..., rows, ...] of a scatter. @throws ShapeError where the values do not have the indices' shape at the axis. */
function scatteredShape(values: ValueType, indices: ValueType, options: Options): number[] {
  const { axis, rows } = options;
  const [v, i] = [values.shape, indices.shape];
  const fits = typeof axis === "number" && i.every((extent, k) => extent === v[axis + k]);
  if (!fits || axis < 0 || axis + i.length > v.length || typeof rows !== "number" || !(rows >= 0)) {
    const text = `values ${showShape(v)} and indices ${showShape(i)}, axis ${String(axis)}, rows ${String(rows)}`;
    throw new ShapeError(`scatterAdd: ${text} do not fit; expected the indices' shape in place of the axis`);
  }
  return [...v.slice(0, axis), rows, ...v.slice(axis + i.length)];
}

export const scatterAddOp: Op = {
  name: "scatterAdd",
  doc: "Adds values into rows by index, each row a blocked sum in increasing order of the indices: the adjoint of gather.",
  operands: ["values", "indices"],
  options: [
    { name: "axis", type: "integer", default: 0, doc: "the axis of the rows" },
    { name: "rows", type: "integer", doc: "the number of rows" },
  ],
  kinks: [],
  infer: ([values, indices], options) => {
    checkIndices("scatterAdd", indices);
    return [{ shape: scatteredShape(values, indices, options), type: values.type }];
  },
  lower: (context) => emitGather(context, "scatter", context.node.options.axis as number),
  pullback: (b, at, [g]) =>
    g === undefined
      ? [undefined, undefined]
      : [apply(b, "gather", [g, at.inputs[1]], { axis: at.options.axis }), undefined],
  pushforward: (b, at, [t]) => (t === undefined ? [undefined] : b.apply("scatterAdd", [t, at.inputs[1]], at.options)),
};

/** Entries of a table along an axis by int32 index. @throws ShapeError; running throws UsageError on an index that is not there. */
export function gather(table: Tensor, indices: Tensor, axis: number = 0): Tensor {
  return call(gatherOp, [table, indices], { axis });
}

/** Adds values into `rows` rows along an axis by int32 index. @throws ShapeError */
export function scatterAdd(values: Tensor, indices: Tensor, rows: number, axis: number = 0): Tensor {
  return call(scatterAddOp, [values, indices], { axis, rows });
}
