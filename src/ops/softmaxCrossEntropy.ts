/** The loss of a classifier: -log softmax(logits) at the label. Its maximum is no kink. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { showShape } from "../base/shape.ts";
import {
  both,
  constant,
  div,
  type Expr,
  eq,
  ge,
  index,
  input,
  log,
  lt,
  mul,
  select,
  sub,
  zero,
} from "../ir/expression.ts";
import type { Access, ValueType } from "../ir/loops.ts";
import type { Tensor } from "../ir/trace.ts";
import { applyExpression } from "./apply-expression.ts";
import { floatTypeOf } from "./arguments.ts";
import { call } from "./call.ts";
import type { Application, Builder, Lowering, Op, OptionSpec, Options } from "./op.ts";
import { addAll, apply, castTo, reshapeTo } from "./rules.ts";
import { emitRowSums, shiftedExp, softmaxDerivative } from "./softmax.ts";

export type LossReduction = "mean" | "sum" | "none";

const reductionOption: OptionSpec = {
  name: "reduction",
  type: "string",
  default: "mean",
  doc: "mean or sum over the samples, or none",
};

/** @throws ShapeError unless logits are [N, C] with C >= 1 and labels [N]; UsageError on other types or reductions. */
function check(op: string, logits: ValueType, labels: ValueType, options: Options): void {
  const [l, y] = [logits.shape, labels.shape];
  if (l.length !== 2 || l[1] === 0 || y.length !== 1 || y[0] !== l[0]) {
    throw new ShapeError(`${op}: logits ${showShape(l)} and labels ${showShape(y)}, expected [N, C >= 1] and [N]`);
  }
  if (labels.type !== "int32") throw new UsageError(`${op}: labels of type ${labels.type}, expected int32`);
  const { reduction } = options;
  if (reduction !== "mean" && reduction !== "sum" && reduction !== "none") {
    throw new UsageError(`${op}: reduction ${JSON.stringify(reduction)}, expected mean, sum or none`);
  }
}

const lossShape = (samples: number, { reduction }: Options): number[] => (reduction === "none" ? [samples] : []);

/** 1 / divisor is the weight of a sample in the loss. */
const divisorOf = (samples: number, { reduction }: Options): number => (reduction === "mean" ? samples : 1);

/** `value` where the label is a class, NaN elsewhere: a bad label never reads another sample's logits. */
function guarded(label: Expr, classes: number, value: Expr): Expr {
  return select(both(ge(label, zero), lt(label, constant(classes))), value, constant(NaN));
}

function lower(context: Lowering): void {
  const { node, inputs, outputs, type, scratch, read, emit } = context;
  const [logits, labels] = inputs;
  const [loss, p] = outputs;
  const { shape, type: own } = type(logits);
  const [samples, classes] = shape;
  const { top, total } = emitRowSums(context, 1);
  const whole = [logits, top, total].map((value) => read(value, shape));
  const map = { node: node.id, loop: "map", shape } as const;
  emit({ ...map, inputs: whole, outputs: [{ value: p, expr: div(shiftedExp, input(2)) }] });
  const perSample = (value: number): Access => ({ value, strides: [1], offset: 0 });
  const atLabel = scratch([samples], own);
  emit({
    node: node.id,
    loop: "reduce",
    outer: [samples],
    reduced: [classes],
    inputs: [
      { value: logits, strides: [classes, 1], offset: 0 },
      { value: labels, strides: [1, 0], offset: 0 },
    ],
    element: select(eq(index(1), input(1)), input(0), constant(-Infinity)),
    combine: "max",
    output: atLabel,
  });
  const terms = [top, total, atLabel, labels].map(perSample);
  const term = guarded(input(3), classes, sub(log(input(1)), sub(input(2), input(0))));
  if (node.options.reduction === "none") {
    emit({ ...map, shape: [samples], inputs: terms, outputs: [{ value: loss, expr: term }] });
    return;
  }
  emit({
    node: node.id,
    loop: "reduce",
    outer: [],
    reduced: [samples],
    inputs: terms,
    element: term,
    combine: "sum",
    finish: div(input(0), constant(divisorOf(samples, node.options))),
    output: loss,
  });
}

/** A loss cotangent as [N, 1] or [1, 1]: what broadcasts over the classes. */
function perRow(b: Builder, g: number): number {
  return reshapeTo(b, g, b.type(g).shape.length === 0 ? [1, 1] : [...b.type(g).shape, 1]);
}

/** sum over the classes of (p - y) t, reduced over the samples like the loss, rounded to `type`. */
function lossDerivative(b: Builder, p: number, labels: number, t: number, options: Options, type: string): number {
  const { shape } = b.type(p);
  const y = apply(b, "oneHot", [labels], { classes: shape[1], type: "accumulate" });
  const product = mul(sub(input(0), input(1)), input(2));
  const terms = applyExpression(b, [p, y, t], product, "accumulate", shape);
  const rows = apply(b, "sum", [terms], { axes: [1] });
  const { reduction } = options;
  return castTo(b, reduction === "none" ? rows : apply(b, reduction as string, [rows]), type);
}

export const softmaxCrossEntropyOp: Op = {
  name: "softmaxCrossEntropy",
  doc: "-log softmax(logits) at the labels, in the accumulate format, each output rounded once; the second output is softmax(logits). A label outside 0 .. C - 1 gives NaN.",
  operands: ["logits", "labels"],
  options: [reductionOption],
  kinks: [],
  infer: ([logits, labels], options) => {
    check("softmaxCrossEntropy", logits, labels, options);
    const type = floatTypeOf("softmaxCrossEntropy", [logits]);
    return [
      { shape: lossShape(logits.shape[0], options), type },
      { shape: logits.shape, type: "accumulate" },
    ];
  },
  lower,
  pullback: (b, at, [g, dp]) => {
    const [logits, labels] = at.inputs;
    const p = at.outputs[1];
    const { type } = b.type(logits);
    const fromLoss =
      g === undefined
        ? undefined
        : apply(b, "softmaxCrossEntropyGradient", [p, labels, g], { reduction: at.options.reduction, type });
    return [addAll(b, [fromLoss, dp === undefined ? undefined : softmaxDerivative(b, p, dp, 1, type)]), undefined];
  },
  pushforward: (b, at, [t]) => {
    if (t === undefined) return [undefined, undefined];
    const p = at.outputs[1];
    const loss = lossDerivative(b, p, at.inputs[1], t, at.options, b.type(t).type);
    return [loss, softmaxDerivative(b, p, t, 1, "accumulate")];
  },
};

/** g times the weight of a sample, times `factor`; g is input 0. */
function weighted(b: Builder, at: Application, g: number, factor: number, type: string): number {
  const { shape } = b.type(factor);
  const divisor = constant(divisorOf(shape[0], at.options));
  return applyExpression(b, [perRow(b, g), factor], div(mul(input(0), input(1)), divisor), type, shape);
}

export const softmaxCrossEntropyGradientOp: Op = {
  name: "softmaxCrossEntropyGradient",
  doc: "(p - y) g / N, rounded once (g per sample and no N without reduction): the pullback of softmaxCrossEntropy. Internal.",
  operands: ["p", "labels", "g"],
  options: [reductionOption, { name: "type", type: "string", default: "store", doc: "type of the logits" }],
  kinks: [],
  infer: ([p, labels, g], options) => {
    check("softmaxCrossEntropyGradient", p, labels, options);
    const expected = lossShape(p.shape[0], options);
    if (showShape(g.shape) !== showShape(expected)) {
      throw new ShapeError(`softmaxCrossEntropyGradient: g ${showShape(g.shape)}, expected ${showShape(expected)}`);
    }
    return [{ shape: p.shape, type: options.type as string }];
  },
  lower: ({ node, inputs, outputs, type, emit }) => {
    const { shape } = type(inputs[0]);
    const [samples, classes] = shape;
    const label = input(1);
    const y = eq(index(1), label);
    const step = node.options.reduction === "none" ? 1 : 0;
    const product = mul(sub(input(0), y), input(2));
    const divisor = divisorOf(samples, node.options);
    const scaled = divisor === 1 ? product : div(product, constant(divisor));
    emit({
      node: node.id,
      loop: "map",
      shape,
      inputs: [
        { value: inputs[0], strides: [classes, 1], offset: 0 },
        { value: inputs[1], strides: [1, 0], offset: 0 },
        { value: inputs[2], strides: [step, 0], offset: 0 },
      ],
      outputs: [{ value: outputs[0], expr: guarded(label, classes, scaled) }],
    });
  },
  pullback: (b, at, [h]) => {
    if (h === undefined) return [undefined, undefined, undefined];
    const [p, labels, g] = at.inputs;
    return [
      weighted(b, at, g, h, b.type(p).type),
      undefined,
      lossDerivative(b, p, labels, h, at.options, b.type(g).type),
    ];
  },
  pushforward: (b, at, [tp, , tg]) => {
    const [, labels, g] = at.inputs;
    const { type } = b.type(at.outputs[0]);
    return [
      addAll(b, [
        tp === undefined ? undefined : weighted(b, at, g, tp, type),
        tg === undefined ? undefined : apply(b, "softmaxCrossEntropyGradient", [at.inputs[0], labels, tg], at.options),
      ]),
    ];
  },
};

/**
 * -log softmax(logits) at the labels.
 * @param logits [N, C]
 * @param labels int32 [N]; one outside 0 .. C - 1 makes its loss (hence the mean or sum) and its gradient NaN.
 * @returns A scalar, or [N] with `reduction: "none"`.
 * @throws ShapeError
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, reduction: LossReduction = "mean"): Tensor {
  return call(softmaxCrossEntropyOp, [logits, labels], { reduction });
}
