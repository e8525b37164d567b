/** Maximum over axes; entries equal to it are tied. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import { constant, gt, input, select, zero } from "../ir/expression.ts";
import { expressionToJson } from "../ir/expression-json.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { axesOf, floatTypeOf, reductionOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import { countTies, shareEvenly } from "./max-over-ties.ts";
import { placeAmong } from "./max-ties.ts";
import type { Application, Builder, Kink, Op } from "./op.ts";
import { apply, reshapeTo, unaryPullback } from "./rules.ts";
import { keptDims, reducedShape, reductionOptions } from "./sum.ts";

const tie: Kink = {
  name: "reduceMax.tie",
  where: "more than one maximum",
  slopes: ["0", "1"],
  rules: ["even", "first", "last", "all"],
  number: false,
  overwrite: false,
  default: "even",
};

function maskOf(b: Builder, at: Application, which: "all" | "first" | "last"): number {
  const [x] = at.inputs;
  const y = keptDims(b, "reduceMax", at.outputs[0], b.type(x).shape, at.options);
  return apply(b, "maxTies", [x, y], { axes: at.options.axes, which });
}

/** `value` (broadcast) at the entries that the rule chooses, divided where they share it; 0 elsewhere. */
function weigh(b: Builder, at: Application, value: number): number {
  const { choice } = at.chosen(tie.name);
  if (choice === "even") return shareEvenly(b, at, maskOf(b, at, "all"), value);
  if (choice !== "first" && choice !== "last" && choice !== "all") {
    throw new UsageError(`reduceMax.tie: choice ${JSON.stringify(choice)}, expected ${tie.rules.join(", ")}`);
  }
  const { shape, type } = b.type(at.inputs[0]);
  return applyExpression(b, [maskOf(b, at, choice), value], select(input(0), input(1), zero), type, shape);
}

/** The row-major place of the first maximum among the reduced entries: int32. */
function placeOfFirst(b: Builder, at: Application): number {
  const { shape } = b.type(at.inputs[0]);
  const axes = axesOf("reduceMax", shape, at.options.axes);
  const place = select(input(0), placeAmong(reductionOf(shape, axes).reduced, axes), zero);
  const places = applyExpression(b, [maskOf(b, at, "first")], place, "int32", shape);
  return apply(b, "sum", [places], { axes });
}

export const reduceMaxOp: Op = {
  name: "reduceMax",
  doc: "IEEE 754-2019 maximum over axes: NaN propagates, -0 < +0.",
  operands: ["x"],
  options: reductionOptions,
  kinks: [tie],
  infer: ([x], options) => {
    if (reductionOf(x.shape, axesOf("reduceMax", x.shape, options.axes)).count === 0) {
      throw new ShapeError(
        `reduceMax: shape ${showShape(x.shape)} has no elements along the reduced axes, expected one or more`,
      );
    }
    return [{ shape: reducedShape("reduceMax", x.shape, options), type: floatTypeOf("reduceMax", [x]) }];
  },
  lower: ({ node, inputs, outputs, type, emit }) => {
    const { shape } = type(inputs[0]);
    const { outer, reduced, access } = reductionOf(shape, axesOf("reduceMax", shape, node.options.axes));
    const element = input(0);
    emit({
      node: node.id,
      loop: "reduce",
      outer,
      reduced,
      inputs: [access(inputs[0])],
      element,
      combine: "max",
      output: outputs[0],
    });
  },
  pullback: unaryPullback((b, at, g, shape) => weigh(b, at, keptDims(b, "reduceMax", g, shape, at.options))),
  pushforward: (b, at, [t], oneSided) => {
    if (t === undefined) return [undefined];
    const { shape } = b.type(at.outputs[0]);
    if (!oneSided) return [reshapeTo(b, apply(b, "sum", [weigh(b, at, t)], { axes: at.options.axes }), shape)];
    return [reshapeTo(b, apply(b, "maxOverTies", [t, maskOf(b, at, "all")], { axes: at.options.axes }), shape)];
  },
  census: (b, at) => {
    const count = countTies(b, at, maskOf(b, at, "all"));
    return apply(b, "count", [count], { expr: expressionToJson(gt(input(0), constant(1))) });
  },
  ties: (b, at) => {
    const [value] = at.outputs;
    const { shape } = b.type(value);
    const count = reshapeTo(b, countTies(b, at, maskOf(b, at, "all")), shape);
    return { count, first: reshapeTo(b, placeOfFirst(b, at), shape), value };
  },
};

/** Maximum over axes @param axes All axes unless given.. */
export function reduceMax(x: Operand, axes: readonly number[] | null = null, keepDims: boolean = false): Tensor {
  return call(reduceMaxOp, [x], { axes, keepDims });
}
