/** x w^T + b as one op: the bias joins the sum in the accumulate format (docs/numerics.md, bias). */
import { ShapeError } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { floatTypeOf } from "./arguments.ts";
import { call } from "./call.ts";
import type { Op } from "./op.ts";
import { addAll, apply, reshapeTo } from "./rules.ts";

/** @throws ShapeError unless x is [..., in], w [out, in] and b [out]. */
function resultShape(x: Shape, w: Shape, bias: Shape | undefined): Shape {
  const fits = w.length === 2 && x.length >= 1 && x[x.length - 1] === w[1];
  if (!fits || (bias !== undefined && !sameShape(bias, [w[0]]))) {
    const found = [`x ${showShape(x)}`, `w ${showShape(w)}`, ...(bias === undefined ? [] : [`b ${showShape(bias)}`])];
    throw new ShapeError(`linear: ${found.join(", ")} do not fit; expected x [..., in], w [out, in], b [out]`);
  }
  return [...x.slice(0, -1), w[0]];
}

export const linearOp: Op = {
  name: "linear",
  doc: "x w^T + b with x [..., in], w [out, in], b [out]; the rounding of the bias is part of the precision.",
  operands: ["x", "w", "b?"],
  options: [],
  kinks: [],
  infer: (inputs) => {
    const [x, w, bias] = inputs.map(({ shape }) => shape);
    return [{ shape: resultShape(x, w, bias), type: floatTypeOf("linear", inputs) }];
  },
  lower: ({ node, inputs, outputs, type, emit }) => {
    const [x, w, bias] = inputs;
    const [n, k] = type(w).shape;
    emit({
      node: node.id,
      loop: "contract",
      batch: [],
      m: [sizeOf(type(x).shape.slice(0, -1))],
      n: [n],
      k: [k],
      a: { value: x, strides: [k, 1], offset: 0 },
      b: { value: w, strides: [1, k], offset: 0 },
      ...(bias === undefined ? {} : { bias: { value: bias, strides: [0, 1], offset: 0 } }),
      output: { value: outputs[0], strides: [n, 1], offset: 0 },
    });
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return at.inputs.map(() => undefined);
    const [x, w, bias] = at.inputs;
    const [out, width] = b.type(w).shape;
    const rows = sizeOf(b.type(x).shape.slice(0, -1));
    const gRows = reshapeTo(b, g, [rows, out]);
    const xRows = reshapeTo(b, x, [rows, width]);
    const dx = apply(b, "matmul", [g, w]);
    const dw = apply(b, "matmul", [gRows, xRows], { transposeA: true });
    return bias === undefined ? [dx, dw] : [dx, dw, apply(b, "sum", [gRows], { axes: [0] })];
  },
  pushforward: (b, at, [tx, tw, tb]) => {
    const [x, w] = at.inputs;
    const shape = [...b.type(at.outputs[0]).shape];
    const withBias = tb === undefined ? [] : [tb];
    const term = (a: number | undefined, c: number | undefined, bias: readonly number[]): number | undefined =>
      a === undefined || c === undefined ? undefined : apply(b, "linear", [a, c, ...bias]);
    const first = term(tx, w, withBias);
    const second = term(x, tw, first === undefined ? withBias : []);
    if (first !== undefined || second !== undefined) return [addAll(b, [first, second])];
    return [tb === undefined ? undefined : apply(b, "broadcast", [tb], { shape })];
  },
};

/** x w^T + bias with x [..., in], w [out, in], bias [out], as one op. @throws ShapeError */
export function linear(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  return call(linearOp, bias === undefined ? [x, w] : [x, w, bias]);
}
