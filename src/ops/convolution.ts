/** Geometry of a convolution, and what its three contractions (result, input gradient, weight gradient) share. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { type Shape, showShape, stridesOf } from "../base/shape.ts";
import type { Access } from "../ir/loops.ts";
import type { Application, Lowering, OptionSpec, Options } from "./op.ts";
import { type Pair, pairOf } from "./size.ts";

export interface Convolution {
  /** Images. */
  readonly batch: number;
  readonly groups: number;
  /** Input and output channels of one group. */
  readonly channels: number;
  readonly filters: number;
  /** Size of an input image, of the kernel, of an output image. */
  readonly input: Pair;
  readonly kernel: Pair;
  readonly output: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

export const convolutionOptions: readonly OptionSpec[] = [
  { name: "stride", type: "size", default: 1, doc: "from window to window: a whole number or [height, width]" },
  { name: "padding", type: "size", default: 0, doc: "rows and columns of zeros on both sides" },
  { name: "dilation", type: "size", default: 1, doc: "from tap to tap of a window" },
  { name: "groups", type: "integer", default: 1, doc: "groups of channels that are convolved apart" },
];

/** The option specs of a gradient, which must be told a size that the operands leave open. */
export function gradientOptions(size: "input" | "kernel"): readonly OptionSpec[] {
  return [...convolutionOptions, { name: size, type: "size", doc: `height and width of the ${size}` }];
}

const pair = (of: (axis: 0 | 1) => number): Pair => [of(0), of(1)];

/** Outputs along both axes. @throws ShapeError where the window does not fit. */
function outputSize(op: string, input: Pair, kernel: Pair, { stride, padding, dilation }: Steps): Pair {
  const covered = pair((axis) => (kernel[axis] - 1) * dilation[axis] + 1);
  const padded = pair((axis) => input[axis] + 2 * padding[axis]);
  if (covered[0] > padded[0] || covered[1] > padded[1]) {
    const image = `an image of ${showShape(input)} with padding ${showShape(padding)}`;
    throw new ShapeError(`${op}: a window of ${showShape(covered)} does not fit into ${image}`);
  }
  return pair((axis) => Math.floor((padded[axis] - covered[axis]) / stride[axis]) + 1);
}

type Steps = Pick<Convolution, "stride" | "padding" | "dilation">;

function stepsOf(op: string, options: Options): Steps {
  return {
    stride: pairOf(op, "stride", options.stride, 1),
    padding: pairOf(op, "padding", options.padding, 0),
    dilation: pairOf(op, "dilation", options.dilation, 1),
  };
}

function groupsOf(op: string, options: Options, channels: number, filters: number): number {
  const groups = options.groups as number;
  if (groups >= 1 && channels % groups === 0 && filters % groups === 0) return groups;
  const found = `${channels} input and ${filters} output channels`;
  if (groups >= 1) throw new ShapeError(`${op}: ${found} do not divide into ${groups} groups`);
  throw new UsageError(`${op}: groups is ${groups}, expected a whole number from 1`);
}

/** @throws ShapeError unless the shape has four axes. */
function four(op: string, operand: string, shape: Shape, axes: string): readonly [number, number, number, number] {
  if (shape.length === 4) return shape as unknown as readonly [number, number, number, number];
  throw new ShapeError(`${op}: ${operand} has shape ${showShape(shape)}, expected ${axes}`);
}

const images = "[batch, channels, height, width]";

/** Of conv2d(x, w): x [N, C, H, W], w [O, C / groups, KH, KW]. @throws ShapeError, UsageError */
export function convolutionOf(op: string, x: Shape, w: Shape, options: Options): Convolution {
  const [batch, channels, ...input] = four(op, "x", x, images);
  const [filters, width, ...kernel] = four(op, "w", w, "[out, in / groups, height, width]");
  const groups = groupsOf(op, options, channels, filters);
  if (width * groups !== channels) {
    const text = groups === 1 ? "" : ` and ${groups} groups`;
    const expected = `[out, ${channels / groups}, height, width]`;
    throw new ShapeError(`${op}: w ${showShape(w)} does not fit x ${showShape(x)}${text}, expected ${expected}`);
  }
  const steps = stepsOf(op, options);
  const output = outputSize(op, input, kernel, steps);
  return { batch, groups, channels: width, filters: filters / groups, input, kernel, output, ...steps };
}

/** Of the input gradient: g [N, O, OH, OW] and w, with the input's size as an option. @throws ShapeError, UsageError */
export function convolutionOfInput(op: string, g: Shape, w: Shape, options: Options): Convolution {
  const [batch, filters, ...size] = four(op, "g", g, images);
  const [, width] = four(op, "w", w, "[out, in / groups, height, width]");
  const [height, wide] = pairOf(op, "input", options.input, 0);
  const x = [batch, width * (options.groups as number), height, wide];
  const found = convolutionOf(op, x, w, options);
  if (found.filters * found.groups !== filters || found.output[0] !== size[0] || found.output[1] !== size[1]) {
    const expected = showShape([batch, found.filters * found.groups, ...found.output]);
    throw new ShapeError(`${op}: g ${showShape(g)} does not fit w ${showShape(w)}, expected ${expected}`);
  }
  return found;
}

/** Of the weight gradient: g [N, O, OH, OW] and x, with the kernel's size as an option. @throws ShapeError, UsageError */
export function convolutionOfWeight(op: string, g: Shape, x: Shape, options: Options): Convolution {
  const [batch, filters, ...size] = four(op, "g", g, images);
  const [samples, channels] = four(op, "x", x, images);
  const groups = groupsOf(op, options, channels, filters);
  const kernel = pairOf(op, "kernel", options.kernel, 1);
  const found = convolutionOf(op, x, [filters, channels / groups, ...kernel], options);
  if (batch !== samples || found.output[0] !== size[0] || found.output[1] !== size[1]) {
    const expected = showShape([samples, filters, ...found.output]);
    throw new ShapeError(`${op}: g ${showShape(g)} does not fit x ${showShape(x)}, expected ${expected}`);
  }
  return found;
}

/** Shapes of x, w and the result. */
export function inputShape({ batch, groups, channels, input }: Convolution): Shape {
  return [batch, groups * channels, ...input];
}

export function weightShape({ groups, filters, channels, kernel }: Convolution): Shape {
  return [groups * filters, channels, ...kernel];
}

export function outputShape({ batch, groups, filters, output }: Convolution): Shape {
  return [batch, groups * filters, ...output];
}

/** The options that say how windows step, for the ops of the other two contractions. */
export function stepOptions({ options }: Application): Options {
  const { stride, padding, dilation, groups } = options;
  return { stride, padding, dilation, groups };
}

/** `value` [N, C, h, w] inside zeros, `low` rows and columns before it and `high` after it (negative: cut off). */
export function emitPadded({ node, type, scratch, emit }: Lowering, value: number, low: Pair, high: Pair): Access {
  const { shape, type: element } = type(value);
  const [batch, channels, h, w] = shape;
  const strides = stridesOf(shape);
  if ([...low, ...high].every((extent) => extent === 0)) return { value, strides, offset: 0 };
  const padded = [batch, channels, low[0] + h + high[0], low[1] + w + high[1]];
  const output = scratch(padded, element);
  const kept = [batch, channels, h + Math.min(0, high[0]), w + Math.min(0, high[1])];
  const pieces = [{ at: [0, 0, ...low], shape: kept, from: { value, strides, offset: 0 } }];
  emit({ node: node.id, loop: "move", shape: padded, pieces, output });
  return { value: output, strides: stridesOf(padded), offset: 0 };
}

/** The rows and columns behind the image that windows of a forward convolution read. */
function behind({ input, kernel, output, stride, padding, dilation }: Convolution): Pair {
  return pair(
    (axis) => (output[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - padding[axis] - input[axis],
  );
}

/** Byte-free strides of x as windows see it: [image, channel, output row, output column, kernel row, kernel column]. */
export interface Patches {
  readonly value: number;
  readonly image: number;
  readonly channel: number;
  readonly windows: Pair;
  readonly taps: Pair;
}

/** x with its padding, ready to be read by windows. */
export function emitPatches(context: Lowering, x: number, convolution: Convolution): Patches {
  const { stride, dilation, padding } = convolution;
  const high = behind(convolution);
  const { value, strides } = emitPadded(context, x, padding, [Math.max(0, high[0]), Math.max(0, high[1])]);
  const [image, channel, row, column] = strides;
  return {
    value,
    image,
    channel,
    windows: [row * stride[0], column * stride[1]],
    taps: [row * dilation[0], column * dilation[1]],
  };
}
