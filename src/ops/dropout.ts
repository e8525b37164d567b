/** Sets elements to 0 at random and scales the others: the draws are a counter's (docs/numerics.md, Randomness). */
import { UsageError } from "../base/errors.ts";
import { type Shape, stridesOf } from "../base/shape.ts";
import { add, constant, draw, type Expr, index, input, lt, mul, option, select, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Application, Builder, Op, Options } from "./op.ts";

/** @throws UsageError unless 0 <= rate < 1. */
function rateOf({ rate }: Options): number {
  if (typeof rate === "number" && rate >= 0 && rate < 1) return rate;
  throw new UsageError(`dropout: rate is ${JSON.stringify(rate)}, expected a number from 0, below 1`);
}

/** 0 where the draw of the element is below the rate, else the element times 1 / (1 - rate), rounded to its format. */
function dropped(node: number, shape: Shape, options: Options): Expr {
  const rate = rateOf(options);
  if (rate === 0) return input(0);
  const place = stridesOf(shape)
    .map((stride, axis) => mul(index(axis), constant(stride)))
    .reduce<Expr>(add, zero);
  return select(lt(draw(node, place, zero), constant(rate)), zero, mul(input(0), option(1 / (1 - rate))));
}

function again(b: Builder, at: Application, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const { shape, type } = b.type(value);
  return applyExpression(b, [value], dropped(at.node.id, shape, at.options), type, shape);
}

export const dropoutOp: Op = {
  name: "dropout",
  doc: "0 with probability `rate`, else x / (1 - rate); drawn from (seed, node, step, element).",
  operands: ["x"],
  options: [{ name: "rate", type: "number", default: 0.5, doc: "the probability of 0: from 0, below 1" }],
  kinks: [],
  infer: ([x], options) => {
    rateOf(options);
    return [{ shape: x.shape, type: floatTypeOf("dropout", [x]) }];
  },
  lower: ({ node, inputs, outputs, type, read, emit }) => {
    const { shape } = type(inputs[0]);
    const expr = dropped(node.id, shape, node.options);
    emit({
      node: node.id,
      loop: "map",
      shape,
      inputs: [read(inputs[0], shape)],
      outputs: [{ value: outputs[0], expr }],
    });
  },
  pullback: (b, at, [g]) => [again(b, at, g)],
  pushforward: (b, at, [t]) => [again(b, at, t)],
};

/** 0 with probability `rate`, else x / (1 - rate). In evaluation leave it out. @throws UsageError on a rate outside [0, 1). */
export function dropout(x: Operand, rate: number = 0.5): Tensor {
  return call(dropoutOp, [x], { rate });
}
