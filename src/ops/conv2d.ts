/** Convolution of images as deep learning has it (a cross-correlation), one contraction over patches. */
import { ShapeError } from "../base/errors.ts";
import { sameShape, showShape, stridesOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { floatTypeOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import {
  convolutionOf,
  convolutionOptions,
  emitPatches,
  outputShape,
  stepOptions,
  weightShape,
} from "./convolution.ts";
import type { Lowering, Op } from "./op.ts";
import { addAll, apply } from "./rules.ts";
import type { Pair } from "./size.ts";

function lower(context: Lowering): void {
  const { node, inputs, outputs, type, emit } = context;
  const [x, w, bias] = inputs;
  const convolution = convolutionOf("conv2d", type(x).shape, type(w).shape, node.options);
  const { batch, groups, channels, filters, kernel, output } = convolution;
  const patches = emitPatches(context, x, convolution);
  const terms = [channels, ...kernel];
  const length = channels * kernel[0] * kernel[1];
  const [image, channel, row, column] = stridesOf(outputShape(convolution));
  emit({
    node: node.id,
    loop: "contract",
    batch: [groups],
    m: [filters],
    n: [batch, ...output],
    k: terms,
    a: { value: w, strides: [filters * length, ...stridesOf([filters, ...terms])], offset: 0 },
    b: {
      value: patches.value,
      strides: [channels * patches.channel, patches.channel, ...patches.taps, patches.image, ...patches.windows],
      offset: 0,
    },
    ...(bias === undefined ? {} : { bias: { value: bias, strides: [filters, 1, 0, 0, 0], offset: 0 } }),
    output: { value: outputs[0], strides: [filters * channel, channel, image, row, column], offset: 0 },
  });
}

export const conv2dOp: Op = {
  name: "conv2d",
  doc: "Convolution (cross-correlation) of x [N, C, H, W] with w [O, C / groups, KH, KW], plus bias [O]; padding is zeros.",
  operands: ["x", "w", "bias?"],
  options: convolutionOptions,
  kinks: [],
  infer: (inputs, options) => {
    const [x, w, bias] = inputs.map(({ shape }) => shape);
    const convolution = convolutionOf("conv2d", x, w, options);
    if (bias !== undefined && !sameShape(bias, [w[0]])) {
      throw new ShapeError(`conv2d: bias ${showShape(bias)} does not fit w ${showShape(w)}, expected [${w[0]}]`);
    }
    return [{ shape: outputShape(convolution), type: floatTypeOf("conv2d", inputs) }];
  },
  lower,
  pullback: (b, at, [g]) => {
    if (g === undefined) return at.inputs.map(() => undefined);
    const [x, w, bias] = at.inputs;
    const steps = stepOptions(at);
    const size = b.type(x).shape.slice(2);
    const kernel = weightShape(convolutionOf("conv2d", b.type(x).shape, b.type(w).shape, at.options)).slice(2);
    const dx = apply(b, "conv2dInput", [g, w], { ...steps, input: size });
    const dw = apply(b, "conv2dWeight", [g, x], { ...steps, kernel });
    return bias === undefined ? [dx, dw] : [dx, dw, apply(b, "sum", [g], { axes: [0, 2, 3] })];
  },
  pushforward: (b, at, [tx, tw, tb]) => {
    const [x, w] = at.inputs;
    const shape = [...b.type(at.outputs[0]).shape];
    const term = (image: number | undefined, weight: number | undefined): number | undefined =>
      image === undefined || weight === undefined ? undefined : apply(b, "conv2d", [image, weight], at.options);
    const shift =
      tb === undefined
        ? undefined
        : apply(b, "broadcast", [apply(b, "reshape", [tb], { shape: [shape[1], 1, 1] })], { shape });
    return [addAll(b, [term(tx, w), term(x, tw), shift])];
  },
};

export interface ConvolutionOptions {
  /** Default 1. */
  readonly stride?: number | Pair;
  /** Default 0. */
  readonly padding?: number | Pair;
  /** Default 1. */
  readonly dilation?: number | Pair;
  /** Default 1. */
  readonly groups?: number;
}

/**
 * Convolution (cross-correlation) of x [N, C, H, W] with w [O, C / groups, KH, KW] plus bias [O]; the sum runs over
 * (c, kh, kw) and taps in the padding are +0 (docs/numerics.md). @throws ShapeError, UsageError
 */
export function conv2d(x: Operand, w: Operand, bias?: Operand | null, options: ConvolutionOptions = {}): Tensor {
  return call(conv2dOp, bias === undefined || bias === null ? [x, w] : [x, w, bias], { ...options });
}
