/** Small applications of every op, made from the op list: generated tests run on them. */
import { UsageError } from "../../src/base/errors.ts";
import { sizeOf } from "../../src/base/shape.ts";
import { ProgramBuilder } from "../../src/ir/builder.ts";
import { add, input, lt, mul, select } from "../../src/ir/expression.ts";
import { expressionToJson } from "../../src/ir/expression-json.ts";
import type { ValueType } from "../../src/ir/loops.ts";
import type { Program } from "../../src/ir/program.ts";
import { ops } from "../../src/ops/index.ts";
import type { Op, Options } from "../../src/ops/op.ts";

interface Sample {
  readonly inputs: readonly ValueType[];
  readonly options?: Options;
  /** Run-time scalars that the op reads. */
  readonly choices?: Readonly<Record<string, number>>;
}

const float = (...shape: number[]): ValueType => ({ shape, type: "store" });
const int = (...shape: number[]): ValueType => ({ shape, type: "int32" });
const product = expressionToJson(mul(input(0), input(1)));
const expr = expressionToJson(select(lt(input(0), input(1)), mul(input(0), input(1)), add(input(0), input(1))));

/** An expression of an image and a number per window, over overlapping windows with padding. */
const overlapping: Sample = {
  inputs: [float(2, 5, 6), float(2, 3, 3)],
  options: {
    window: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    shape: [2, 5, 6],
    images: 1,
    expr: expressionToJson(add(mul(input(0), input(1)), input(0))),
  },
};

/** Ops whose operands are not all float arrays of one shape, or that need options. */
const special: Readonly<Record<string, Sample>> = {
  constant: { inputs: [], options: { values: [1, 2, 0.1, -0, 5, 6], shape: [2, 3] } },
  elementwise: { inputs: [float(3, 5), float(3, 5)], options: { expr } },
  count: { inputs: [float(3, 5), float(3, 5)], options: { expr: expressionToJson(lt(input(0), input(1))) } },
  clamp: { inputs: [float(3, 5)], options: { low: -1, high: 3 } },
  elu: { inputs: [float(3, 5)], options: { alpha: 2 } },
  cast: { inputs: [float(3, 5)], options: { to: "accumulate" } },
  concat: { inputs: [float(2, 3), float(2, 4)], options: { axis: 1 } },
  conv2d: {
    inputs: [float(2, 4, 7, 6), float(6, 2, 3, 2), float(6)],
    options: { stride: [2, 1], padding: [1, 0], groups: 2 },
  },
  conv2dInput: {
    inputs: [float(2, 3, 3, 4), float(3, 2, 3, 2)],
    options: { input: [6, 5], stride: 2, padding: [1, 2], dilation: [1, 2] },
  },
  conv2dWeight: {
    inputs: [float(2, 3, 3, 3), float(2, 2, 7, 6)],
    options: { kernel: [3, 2], stride: 2, padding: [0, 1], dilation: [1, 2] },
  },
  matmul: { inputs: [float(3, 5), float(5, 7)] },
  linear: { inputs: [float(3, 5), float(7, 5), float(7)] },
  gather: { inputs: [float(4, 3), int(5)] },
  scatterAdd: { inputs: [float(5, 3), int(5)], options: { rows: 4 } },
  softmaxCrossEntropy: { inputs: [float(4, 3), int(4)] },
  reshape: { inputs: [float(3, 5)], options: { shape: [5, 3] } },
  transpose: { inputs: [float(3, 5)], options: { perm: [1, 0] } },
  broadcast: { inputs: [float(3, 1)], options: { shape: [2, 3, 5] } },
  oneHot: { inputs: [int(4)], options: { classes: 3 } },
  pad: { inputs: [float(3, 5)], options: { low: [1, 0], high: [0, 2] } },
  softmaxCrossEntropyGradient: { inputs: [{ shape: [4, 3], type: "accumulate" }, int(4), float()] },
  maxPool2d: { inputs: [float(2, 7, 6)], options: { window: [3, 2], stride: 2, padding: [1, 0] } },
  hybridMaxPool2d: { inputs: [float(2, 6, 5)], options: { window: 2 }, choices: { "maxpool.tie@0": 1 } },
  avgPool2d: { inputs: [float(2, 6, 7)], options: { window: [2, 3], stride: [2, 1], padding: 1, countPadding: false } },
  normPool: { inputs: [float(2, 5, 4)], options: { window: 2, stride: [2, 1] } },
  windowReduce: overlapping,
  windowSpread: overlapping,
  batchNorm: { inputs: [float(3, 4, 2, 3), float(4), float(4)] },
  layerNorm: { inputs: [float(2, 3, 5), float(3, 5), float(3, 5)] },
  groupNorm: { inputs: [float(2, 6, 3), float(6), float(6)], options: { groups: 2 } },
  sumOf: { inputs: [float(3, 5), float(3, 1)], options: { expr: product, axes: [0], shape: [3, 5], divisor: 3 } },
  upsampleNearest: { inputs: [float(2, 3, 5)], options: { scale: [1, 2] } },
  slice: { inputs: [float(3, 5)], options: { starts: [0, 1], stops: [3, 5] } },
};

/** One application of the op as a program; inputs are x0, x1, ..., outputs y0, y1, ... */
function apply(op: Op, { inputs, options, choices = {} }: Sample): Program {
  const builder = new ProgramBuilder(ops);
  for (const [name, value] of Object.entries(choices)) builder.choice(name, value);
  const values = inputs.map((type, i) => builder.input(`x${i}`, type));
  builder.append(op, values, options).outputs.forEach((value, i) => {
    builder.output(`y${i}`, value);
  });
  return builder.finish();
}

function generic(op: Op): Program | undefined {
  const count = op.operands.filter((operand) => !operand.endsWith("...")).length;
  try {
    return apply(op, { inputs: Array.from({ length: count }, () => float(3, 5)) });
  } catch (error) {
    if (error instanceof UsageError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A program that applies the op once; undefined where the op needs an entry in `special`. */
export function sampleOf(op: Op): Program | undefined {
  return special[op.name] ? apply(op, special[op.name]) : generic(op);
}

/** Random numbers for every input: floats from `draw`, integers below 3. */
export function fill(program: Program, draw: (i: number) => number): Record<string, number[]> {
  return Object.fromEntries(
    program.inputs.map(({ name, value }, place) => {
      const { shape, type } = program.values[value];
      const isInteger = type === "int32" || type === "bool";
      return [name, Array.from({ length: sizeOf(shape) }, (_, i) => (isInteger ? i % 3 : draw(i + 100 * place)))];
    }),
  );
}
