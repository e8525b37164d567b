/** Value and gradient of a scalar program. */
import { UsageError, unknown } from "../base/errors.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import type { Convention } from "../conventions/convention.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";
import { ops } from "../ops/index.ts";
import { defaultConvention } from "./application.ts";
import { backward, zerosLike } from "./backward.ts";
import { forwardUnder } from "./forward.ts";
import { floatOutputs, inputsOf, type NamedValue } from "./wrt.ts";

export interface GradientOptions {
  /** Names of the inputs to differentiate; default: all float inputs. */
  readonly wrt?: readonly string[];
  /** The output to differentiate; default: the only float output with one element. */
  readonly of?: string;
  /** Adjoint of that output: a loss scale. Default 1. */
  readonly seed?: number;
  /** Instead of `seed`: the name of a new float64 scalar input that is the adjoint, a loss scale of the run. */
  readonly seedInput?: string;
  /** Factors on the gradients of intermediate values on their way, in total those of the inputs: loss scales per layer. */
  readonly rescaled?: ReadonlyMap<number, number>;
  /** What the names of the new outputs start with: another one for a gradient of a gradient. Default "d:". */
  readonly prefix?: string;
}

function targetOf(program: Program, name?: string): NamedValue {
  const outputs = floatOutputs(program);
  const names = outputs.map((output) => output.name);
  const scalars = outputs.filter(({ value }) => sizeOf(program.values[value].shape) === 1);
  if (name === undefined) {
    if (scalars.length === 1) return scalars[0];
    throw new UsageError(
      `gradient: ${scalars.length} of the outputs ${names.join(", ")} are scalars; name one by 'of'`,
    );
  }
  const found = outputs.find((output) => output.name === name);
  if (found === undefined) throw unknown("float output", name, names);
  if (!scalars.includes(found)) {
    throw new UsageError(
      `gradient: output '${name}' has shape ${showShape(program.values[found.value].shape)}, expected one element`,
    );
  }
  return found;
}

/**
 * The program, its forward as the convention wants it, with further outputs `d:<input>` (or another prefix): the gradient of one scalar output.
 * @throws UsageError where the output is not a scalar, a name is unknown, or a kink does not accept its choice.
 */
export function gradient(
  original: Program,
  convention: Convention = defaultConvention,
  { wrt, of, seed = 1, seedInput, rescaled, prefix = "d:" }: GradientOptions = {},
): Program {
  const program = forwardUnder(original, convention);
  const { value } = targetOf(program, of);
  const inputs = inputsOf(program, wrt);
  const builder = new ProgramBuilder(ops, program);
  const { shape, type } = builder.type(value);
  const adjoint =
    seedInput === undefined
      ? builder.apply("constant", [], { values: [seed], shape, type })[0]
      : builder.input(seedInput, { shape, type: "float64" });
  const adjoints = backward(builder, program, convention, [{ value, adjoint }], inputs, rescaled);
  inputs.forEach(({ name, value: input }, i) => {
    builder.output(prefix + name, adjoints[i] ?? zerosLike(builder, input));
  });
  return builder.finish();
}
