/** Internal op "sumOf": blocked sum over axes of a scalar expression, without storing (and rounding) its terms. */
import type { Shape } from "../base/shape.ts";
import { differentiate, isZero, plus, times } from "../ir/derivative.ts";
import { constant, div, type Expr, input } from "../ir/expression.ts";
import { expressionFromJson, expressionToJson } from "../ir/expression-json.ts";
import type { ElementType, ValueType } from "../ir/loops.ts";
import type { Json } from "../ir/program.ts";
import { applyExpression, compact } from "./apply-expression.ts";
import { reductionOf } from "./arguments.ts";
import { broadcastOf, isFloatType } from "./infer.ts";
import type { Builder, Op, Options } from "./op.ts";
import { apply, reshapeTo } from "./rules.ts";

interface Sum {
  readonly inputs: readonly number[];
  /** Over the inputs, which broadcast against each other. */
  readonly expr: Expr;
  /** Axes of the broadcast shape; they stay, with extent 1. */
  readonly axes: readonly number[];
  readonly type: ElementType;
  /** What the sum is divided by before it is rounded: 1 unless given. */
  readonly divisor?: number;
}

/** A blocked sum of an expression, axes kept with extent 1; one rounding. */
export function sumOf(b: Builder, { inputs, expr, axes, type, divisor = 1 }: Sum): number {
  const shape = broadcastOf(
    "sumOf",
    inputs.map((value) => b.type(value)),
  );
  const { used, expr: own } = compact(expr);
  const operands = used.map((place) => inputs[place]);
  return apply(b, "sumOf", operands, { expr: expressionToJson(own), axes: [...axes], type, divisor, shape });
}

/** `expr` over the inputs, summed down to `shape` where it is broadcast. */
function summedTo(b: Builder, inputs: readonly number[], whole: Shape, expr: Expr, { shape, type }: ValueType): number {
  const lead = whole.length - shape.length;
  const axes = [...whole.keys()].filter((axis) => whole[axis] > 1 && (axis < lead || shape[axis - lead] === 1));
  if (axes.length === 0) return reshapeTo(b, applyExpression(b, inputs, expr, type, whole), shape);
  return reshapeTo(b, sumOf(b, { inputs, expr, axes, type }), shape);
}

const exprOf = ({ expr }: Options): Expr => expressionFromJson(expr as Json);

export const sumOfOp: Op = {
  name: "sumOf",
  doc: "Blocked sum over axes of an expression of operands broadcast to `shape`; axes are kept. Internal.",
  operands: ["inputs..."],
  options: [
    { name: "expr", type: "expression", doc: "the terms, as ir/expression-json writes them" },
    { name: "axes", type: "integers", doc: "axes of the shape that are summed" },
    { name: "shape", type: "integers", doc: "the shape of the terms" },
    { name: "divisor", type: "number", default: 1, doc: "what the sum is divided by before it is rounded" },
    { name: "type", type: "string", default: "store", doc: "type of the result" },
  ],
  kinks: [],
  infer: (_inputs, { shape, axes, type }) => [
    { shape: reductionOf(shape as number[], axes as number[]).kept, type: type as ElementType },
  ],
  lower: ({ node, inputs, outputs, read, emit }) => {
    const { shape, axes, divisor } = node.options as { shape: number[]; axes: number[]; divisor: number };
    const { outer, reduced, order } = reductionOf(shape, axes);
    const accesses = inputs.map((value) => {
      const { strides } = read(value, shape);
      return { value, strides: order.map((axis) => strides[axis]), offset: 0 };
    });
    const finish = divisor === 1 ? {} : { finish: div(input(0), constant(divisor)) };
    const element = exprOf(node.options);
    emit({
      node: node.id,
      loop: "reduce",
      outer,
      reduced,
      inputs: accesses,
      element,
      combine: "sum",
      ...finish,
      output: outputs[0],
    });
  },
  pullback: (b, at, [g]) => {
    if (g === undefined) return at.inputs.map(() => undefined);
    const { shape, divisor } = at.options as { shape: number[]; divisor: number };
    const cotangent = input(at.inputs.length);
    const share = divisor === 1 ? cotangent : div(cotangent, constant(divisor));
    return at.inputs.map((value, operand) => {
      const type = b.type(value);
      const term = times(share, differentiate(exprOf(at.options), operand));
      if (!isFloatType(type.type) || isZero(term)) return undefined;
      return summedTo(b, [...at.inputs, g], shape, term, type);
    });
  },
  pushforward: (b, at, tangents) => {
    const values = [...at.inputs];
    const terms = tangents.map((t, operand) => {
      if (t === undefined) return constant(0);
      return times(input(values.push(t) - 1), differentiate(exprOf(at.options), operand));
    });
    const expr = terms.reduce(plus, constant(0));
    if (isZero(expr)) return [undefined];
    return [apply(b, "sumOf", values, { ...at.options, expr: expressionToJson(expr) })];
  },
};
