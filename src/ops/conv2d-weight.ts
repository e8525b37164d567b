/** Internal op of conv2d: its gradient with respect to the weights. */
import { stridesOf } from "../base/shape.ts";
import { floatTypeOf } from "./arguments.ts";
import {
  convolutionOfWeight,
  emitPatches,
  gradientOptions,
  outputShape,
  stepOptions,
  weightShape,
} from "./convolution.ts";
import type { Lowering, Op } from "./op.ts";
import { addAll, apply } from "./rules.ts";

function lower(context: Lowering): void {
  const { node, inputs, outputs, type, emit } = context;
  const [g, x] = inputs;
  const convolution = convolutionOfWeight("conv2dWeight", type(g).shape, type(x).shape, node.options);
  const { batch, groups, channels, filters, kernel, output } = convolution;
  const patches = emitPatches(context, x, convolution);
  const [image, filter, row, column] = stridesOf(outputShape(convolution));
  const length = channels * kernel[0] * kernel[1];
  emit({
    node: node.id,
    loop: "contract",
    batch: [groups],
    m: [filters],
    n: [channels, ...kernel],
    k: [batch, ...output],
    a: { value: g, strides: [filters * filter, filter, image, row, column], offset: 0 },
    b: {
      value: patches.value,
      strides: [channels * patches.channel, patches.image, ...patches.windows, patches.channel, ...patches.taps],
      offset: 0,
    },
    output: {
      value: outputs[0],
      strides: [filters * length, ...stridesOf([filters, channels, ...kernel])],
      offset: 0,
    },
  });
}

export const conv2dWeightOp: Op = {
  name: "conv2dWeight",
  doc: "The gradient of conv2d with respect to w, from g [N, O, OH, OW] and x: one sum over (n, oh, ow). Internal.",
  operands: ["g", "x"],
  options: gradientOptions("kernel"),
  kinks: [],
  infer: (inputs, options) => {
    const [g, x] = inputs.map(({ shape }) => shape);
    return [
      {
        shape: weightShape(convolutionOfWeight("conv2dWeight", g, x, options)),
        type: floatTypeOf("conv2dWeight", inputs),
      },
    ];
  },
  lower,
  pullback: (b, at, [v]) => {
    if (v === undefined) return [undefined, undefined];
    const [g, x] = at.inputs;
    const steps = stepOptions(at);
    return [
      apply(b, "conv2d", [x, v], steps),
      apply(b, "conv2dInput", [g, v], { ...steps, input: b.type(x).shape.slice(2) }),
    ];
  },
  pushforward: (b, at, [tg, tx]) => {
    const [g, x] = at.inputs;
    const term = (p: number | undefined, q: number | undefined): number | undefined =>
      p === undefined || q === undefined ? undefined : apply(b, "conv2dWeight", [p, q], at.options);
    return [addAll(b, [term(tg, x), term(g, tx)])];
  },
};
