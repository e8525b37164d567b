/** softmax and logSoftmax over one axis: exp, sum and log in the accumulate format, one rounding. */
import { div, type Expr, exp, input, log, mul, sub } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { axisOf, floatTypeOf, reductionOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Builder, Lowering, Op } from "./op.ts";
import { apply, unaryPullback } from "./rules.ts";

/** exp(x - m), where input 0 is x and input 1 the maximum m of its row. */
export const shiftedExp: Expr = exp(sub(input(0), input(1)));

/** Scratch values of a row's maximum (exact) and of the sum of exp(x - maximum) (accumulate format), both with kept dims. */
export function emitRowSums(context: Lowering, axis: number): { readonly top: number; readonly total: number } {
  const { node, inputs, type, scratch, emit } = context;
  const x = type(inputs[0]);
  const { outer, reduced, kept, order, access } = reductionOf(x.shape, [axis]);
  const top = scratch(kept, x.type);
  const total = scratch(kept, "accumulate");
  const loop = { node: node.id, loop: "reduce", outer, reduced } as const;
  const rows = context.read(top, x.shape);
  const perRow = { ...rows, strides: order.map((at) => rows.strides[at]) };
  emit({ ...loop, inputs: [access(inputs[0])], element: input(0), combine: "max", output: top });
  emit({ ...loop, inputs: [access(inputs[0]), perRow], element: shiftedExp, combine: "sum", output: total });
  return { top, total };
}

function lowerWith(expr: Expr): Op["lower"] {
  return (context) => {
    const { node, inputs, outputs, type, read, emit } = context;
    const { shape } = type(inputs[0]);
    const { top, total } = emitRowSums(context, axisOf(node.op, shape, node.options.axis));
    const operands = [inputs[0], top, total].map((value) => read(value, shape));
    emit({ node: node.id, loop: "map", shape, inputs: operands, outputs: [{ value: outputs[0], expr }] });
  };
}

/** p (g - sum(g p)) over an axis, in the accumulate format, rounded once more to `type`: symmetric, so both rules. */
export function softmaxDerivative(b: Builder, p: number, g: number, axis: number, type: string): number {
  const { shape } = b.type(p);
  const product = applyExpression(b, [g, p], mul(input(0), input(1)), "accumulate", shape);
  const total = apply(b, "sum", [product], { axes: [axis], keepDims: true });
  return applyExpression(b, [p, g, total], mul(input(0), sub(input(1), input(2))), type, shape);
}

const axisOption = {
  name: "axis",
  type: "integer",
  default: -1,
  doc: "the axis along which the results sum to 1",
} as const;

const common = { operands: ["x"], options: [axisOption], kinks: [] };

export const softmaxOp: Op = {
  ...common,
  name: "softmax",
  doc: "exp(x - max) / sum(exp(x - max)) over an axis.",
  infer: ([x], { axis }) => {
    axisOf("softmax", x.shape, axis);
    return [{ shape: x.shape, type: floatTypeOf("softmax", [x]) }];
  },
  lower: lowerWith(div(shiftedExp, input(2))),
  pullback: unaryPullback((b, at, g, shape) =>
    softmaxDerivative(b, at.outputs[0], g, axisOf("softmax", shape, at.options.axis), b.type(g).type),
  ),
  pushforward: (b, at, [t]) => {
    if (t === undefined) return [undefined];
    const { shape, type } = b.type(t);
    return [softmaxDerivative(b, at.outputs[0], t, axisOf("softmax", shape, at.options.axis), type)];
  },
};

/** sum of `terms` over an axis (kept), in the accumulate format; `terms` reads v and y = logSoftmax(x). */
function rowSum(b: Builder, v: number, y: number, axis: number, terms: Expr): number {
  const values = applyExpression(b, [v, y], terms, "accumulate", b.type(v).shape);
  return apply(b, "sum", [values], { axes: [axis], keepDims: true });
}

export const logSoftmaxOp: Op = {
  ...common,
  name: "logSoftmax",
  doc: "x - max - log(sum(exp(x - max))) over an axis.",
  infer: ([x], { axis }) => {
    axisOf("logSoftmax", x.shape, axis);
    return [{ shape: x.shape, type: floatTypeOf("logSoftmax", [x]) }];
  },
  lower: lowerWith(sub(sub(input(0), input(1)), log(input(2)))),
  pullback: unaryPullback((b, at, g, shape) => {
    const [y] = at.outputs;
    const total = rowSum(b, g, y, axisOf("logSoftmax", shape, at.options.axis), input(0));
    return applyExpression(b, [g, y, total], sub(input(0), mul(exp(input(1)), input(2))), b.type(g).type, shape);
  }),
  pushforward: (b, at, [t]) => {
    if (t === undefined) return [undefined];
    const { shape, type } = b.type(t);
    const axis = axisOf("logSoftmax", shape, at.options.axis);
    const total = rowSum(b, t, at.outputs[0], axis, mul(input(0), exp(input(1))));
    return [applyExpression(b, [t, total], sub(input(0), input(1)), type, shape)];
  },
};

/** exp(x - max) / sum(exp(x - max)) over an axis. @throws ShapeError */
export function softmax(x: Operand, axis: number = -1): Tensor {
  return call(softmaxOp, [x], { axis });
}

/** log(softmax(x)) over an axis, without the detour. @throws ShapeError */
export function logSoftmax(x: Operand, axis: number = -1): Tensor {
  return call(logSoftmaxOp, [x], { axis });
}
