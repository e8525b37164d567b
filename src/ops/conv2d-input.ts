/** Internal op of conv2d: its gradient with respect to the images. */
import { stridesOf } from "../base/shape.ts";
import { floatTypeOf } from "./arguments.ts";
import {
  type Convolution,
  convolutionOfInput,
  emitPadded,
  gradientOptions,
  inputShape,
  stepOptions,
} from "./convolution.ts";
import type { Lowering, Op } from "./op.ts";
import { addAll, apply } from "./rules.ts";
import type { Pair } from "./size.ts";

/**
 * Elements of one residue class along an axis: h = first + step * i (i < count). Output q * i' of the convolution reaches
 * them through the taps `tap`, `tap + every`, ... (`taps` of them): element i reads g[i + shift - t * back].
 */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly tap: number;
  readonly every: number;
  readonly taps: number;
  readonly shift: number;
  readonly back: number;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/**
 * With stride s the taps of an element h are those with h + padding - tap * dilation divisible by s: a regular sequence
 * that depends on h modulo s only. Taps between outputs are no terms of the sum (docs/numerics.md).
 */
function phasesAlong({ input, kernel, stride, padding, dilation }: Convolution, axis: 0 | 1): readonly Phase[] {
  const [s, d, k] = [stride[axis], dilation[axis], kernel[axis]];
  const every = s / greatestDivisor(s, d);
  return Array.from({ length: Math.min(s, input[axis]) }, (_, first): Phase => {
    const residue = (tap: number): number => (((first + padding[axis] - tap * d) % s) + s) % s;
    const tap = Array.from({ length: Math.min(every, k) }, (_, t) => t).find((t) => residue(t) === 0);
    const count = Math.ceil((input[axis] - first) / s);
    if (tap === undefined) return { first, count, tap: 0, every, taps: 0, shift: 0, back: 0 };
    return {
      first,
      count,
      tap,
      every,
      taps: Math.ceil((k - tap) / every),
      shift: (first + padding[axis] - tap * d) / s,
      back: (every * d) / s,
    };
  });
}

/** How far the reads of some phases reach before and behind g. */
function reach(phases: readonly Phase[], extent: number): readonly [low: number, high: number] {
  const real = phases.filter(({ taps, count }) => taps > 0 && count > 0);
  const lows = real.map(({ shift, taps, back }) => shift - (taps - 1) * back);
  const highs = real.map(({ shift, count }) => shift + count);
  return [Math.max(0, -Math.min(0, ...lows)), Math.max(0, Math.max(extent, ...highs) - extent)];
}

function lower(context: Lowering): void {
  const { node, inputs, outputs, type, emit } = context;
  const [g, w] = inputs;
  const convolution = convolutionOfInput("conv2dInput", type(g).shape, type(w).shape, node.options);
  const { batch, groups, channels, filters, kernel, output, stride } = convolution;
  const [rows, columns] = [phasesAlong(convolution, 0), phasesAlong(convolution, 1)];
  const [top, bottom] = reach(rows, output[0]);
  const [left, right] = reach(columns, output[1]);
  const padded = emitPadded(context, g, [top, left], [bottom, right]);
  const [image, filter, row, column] = padded.strides;
  const [ofFilter, ofChannel, ofRow, ofColumn] = stridesOf([filters, channels, ...kernel]);
  const to = stridesOf(inputShape(convolution));
  for (const high of rows) {
    for (const wide of columns) {
      const taps: Pair = [high.taps, wide.taps];
      emit({
        node: node.id,
        loop: "contract",
        batch: [groups],
        m: [channels],
        n: [batch, high.count, wide.count],
        k: [filters, ...taps],
        a: {
          value: w,
          strides: [filters * ofFilter, ofChannel, ofFilter, high.every * ofRow, wide.every * ofColumn],
          offset: high.tap * ofRow + wide.tap * ofColumn,
        },
        b: {
          value: padded.value,
          strides: [filters * filter, filter, -high.back * row, -wide.back * column, image, row, column],
          offset: (top + high.shift) * row + (left + wide.shift) * column,
        },
        output: {
          value: outputs[0],
          strides: [channels * to[1], to[1], to[0], stride[0] * to[2], stride[1] * to[3]],
          offset: high.first * to[2] + wide.first * to[3],
        },
      });
    }
  }
}

export const conv2dInputOp: Op = {
  name: "conv2dInput",
  doc: "The gradient of conv2d with respect to x, from g [N, O, OH, OW] and w: sums over (o, kh, kw). Internal.",
  operands: ["g", "w"],
  options: gradientOptions("input"),
  kinks: [],
  infer: (inputs, options) => {
    const [g, w] = inputs.map(({ shape }) => shape);
    return [
      { shape: inputShape(convolutionOfInput("conv2dInput", g, w, options)), type: floatTypeOf("conv2dInput", inputs) },
    ];
  },
  lower,
  pullback: (b, at, [v]) => {
    if (v === undefined) return [undefined, undefined];
    const [g, w] = at.inputs;
    const steps = stepOptions(at);
    return [
      apply(b, "conv2d", [v, w], steps),
      apply(b, "conv2dWeight", [g, v], { ...steps, kernel: b.type(w).shape.slice(2) }),
    ];
  },
  pushforward: (b, at, [tg, tw]) => {
    const [g, w] = at.inputs;
    const term = (p: number | undefined, q: number | undefined): number | undefined =>
      p === undefined || q === undefined ? undefined : apply(b, "conv2dInput", [p, q], at.options);
    return [addAll(b, [term(tg, w), term(g, tw)])];
  },
};
