/**
 * What batchNorm, layerNorm and groupNorm share: x minus its mean over some axes, divided by its standard deviation there,
 * times gamma plus beta. Statistics take two passes (the mean, then the mean of squared deviations, the biased
 * variance) and are stored in the accumulate format; the result is rounded once (docs/numerics.md).
 */
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts";
import { add, constant, div, type Expr, input, mul, sub } from "../ir/expression.ts";
import type { Access } from "../ir/loops.ts";
import { reductionOf } from "./arguments.ts";
import { adjointsOf, inverseDeviation, type Layout, tangentsOf, wide } from "./normalization-rules.ts";
import type { Builder, Lowering, Op, OptionSpec, Options } from "./op.ts";

interface Normalization {
  readonly name: string;
  readonly doc: string;
  readonly options?: readonly OptionSpec[];
  /** @throws ShapeError where shapes do not fit. */
  readonly layout: (x: Shape, gamma: Shape, beta: Shape, options: Options) => Layout;
}

export const epsilon: OptionSpec = {
  name: "eps",
  type: "number",
  default: 1e-5,
  doc: "added to the variance",
};

/** (x - mean) * r * gamma + beta. */
export const normalized = (x: Expr, mean: Expr, r: Expr, gamma: Expr, beta: Expr): Expr =>
  add(mul(mul(sub(x, mean), r), gamma), beta);

function lowerNormalization(context: Lowering, { view, axes, affine }: Layout, eps: number): void {
  const { node, inputs, outputs, type, scratch, emit } = context;
  const [x, gamma, beta] = inputs;
  const [y, mean, variance] = outputs;
  const { outer, reduced, order, count, kept } = reductionOf(view, axes);
  const over = (value: number, own: Shape): Access => {
    const strides = stridesOf(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
    return { value, strides, offset: 0 };
  };
  const ordered = ({ strides, ...rest }: Access): Access => ({ ...rest, strides: order.map((axis) => strides[axis]) });
  const base = { node: node.id, loop: "reduce", outer, reduced, combine: "sum" } as const;
  const finish = div(input(0), constant(count));
  emit({ ...base, inputs: [ordered(over(x, view))], element: input(0), finish, output: mean });
  const deviation = sub(input(0), input(1));
  const pair = [ordered(over(x, view)), ordered(over(mean, kept))];
  emit({ ...base, inputs: pair, element: mul(deviation, deviation), finish, output: variance });
  const r = scratch(type(variance).shape, type(variance).type);
  const map = { node: node.id, loop: "map" } as const;
  const flat = [sizeOf(outer)];
  const whole = { value: variance, strides: [1], offset: 0 };
  emit({
    ...map,
    shape: flat,
    inputs: [whole],
    outputs: [{ value: r, expr: inverseDeviation(input(0), eps) }],
  });
  const operands = [over(x, view), over(mean, kept), over(r, kept), over(gamma, affine), over(beta, affine)];
  const expr = normalized(input(0), input(1), input(2), input(3), input(4));
  emit({ ...map, shape: view, inputs: operands, outputs: [{ value: y, expr }] });
}

export function normalization({ name, doc, options = [], layout }: Normalization): Op {
  const layoutOf = (b: Pick<Builder, "type">, inputs: readonly number[], given: Options): Layout => {
    const [x, gamma, beta] = inputs.map((value) => b.type(value).shape);
    return layout(x, gamma, beta, given);
  };
  return {
    name,
    doc,
    operands: ["x", "gamma", "beta"],
    options: [...options, epsilon],
    kinks: [],
    infer: ([x, gamma, beta], given) => {
      const { view, axes } = layout(x.shape, gamma.shape, beta.shape, given);
      const statistics = { shape: reductionOf(view, axes).outer, type: wide };
      return [x, statistics, statistics];
    },
    lower: (context) => {
      const { inputs, node } = context;
      lowerNormalization(context, layoutOf(context, inputs, node.options), node.options.eps as number);
    },
    pullback: (b, at, cotangents) => adjointsOf(b, at, layoutOf(b, at.inputs, at.options), cotangents),
    pushforward: (b, at, tangents) => tangentsOf(b, at, layoutOf(b, at.inputs, at.options), tangents),
  };
}
