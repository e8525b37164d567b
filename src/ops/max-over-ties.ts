/** Internal op of reduceMax: its one-sided derivative, the maximum of a tangent over the tied entries. */
import { constant, div, eq, input, select, zero } from "../ir/expression.ts";
import { applyExpression } from "./apply-expression.ts";
import { axesOf, reductionOf } from "./arguments.ts";
import type { Application, Builder, Op } from "./op.ts";
import { apply, reshapeTo } from "./rules.ts";
import { keptDims, reducedShape } from "./sum.ts";

/** How many entries of a mask hold, per maximum, with kept dims. */
export function countTies(b: Builder, at: Application, mask: number): number {
  return apply(b, "sum", [mask], { axes: at.options.axes, keepDims: true });
}

/** `value` (broadcast) at the entries of a mask, divided evenly between them; 0 elsewhere. */
export function shareEvenly(b: Builder, at: Application, mask: number, value: number): number {
  const { shape, type } = b.type(at.inputs[0]);
  const share = select(input(0), div(input(1), input(2)), zero);
  return applyExpression(b, [mask, value, countTies(b, at, mask)], share, type, shape);
}

function winners(b: Builder, at: Application): number {
  const [t, mask] = at.inputs;
  const { shape } = b.type(t);
  const y = keptDims(b, "maxOverTies", at.outputs[0], shape, at.options);
  return applyExpression(b, [mask, t, y], select(input(0), eq(input(1), input(2)), zero), "bool", shape);
}

export const maxOverTiesOp: Op = {
  name: "maxOverTies",
  doc: "The maximum of t over the entries of a mask, differentiated evenly over ties. Internal.",
  operands: ["t", "mask"],
  options: [
    { name: "axes", type: "integers", default: null, doc: "the reduced axes" },
    { name: "keepDims", type: "boolean", default: false, doc: "keep each reduced axis with extent 1" },
  ],
  kinks: [],
  infer: ([t], options) => [{ shape: reducedShape("maxOverTies", t.shape, options), type: t.type }],
  lower: ({ node, inputs, outputs, type, emit }) => {
    const { shape } = type(inputs[0]);
    const { outer, reduced, access } = reductionOf(shape, axesOf("maxOverTies", shape, node.options.axes));
    emit({
      node: node.id,
      loop: "reduce",
      outer,
      reduced,
      inputs: inputs.map(access),
      element: select(input(1), input(0), constant(-Infinity)),
      combine: "max",
      output: outputs[0],
    });
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return [undefined, undefined];
    const kept = keptDims(b, "maxOverTies", g, b.type(at.inputs[0]).shape, at.options);
    return [shareEvenly(b, at, winners(b, at), kept), undefined];
  },
  pushforward: (b, at, [t]) => {
    if (t === undefined) return [undefined];
    const parts = shareEvenly(b, at, winners(b, at), t);
    return [reshapeTo(b, apply(b, "sum", [parts], { axes: at.options.axes }), b.type(at.outputs[0]).shape)];
  },
};
