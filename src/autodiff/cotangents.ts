/** Cotangents of intermediate values: what reaches them from the outputs, as values of one program. */
import { UsageError } from "../base/errors.ts";
import type { Convention } from "../conventions/convention.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";
import { ops } from "../ops/index.ts";
import { backward, zerosLike } from "./backward.ts";
import { isLocal } from "./forward.ts";
import { floatOutputs } from "./wrt.ts";

export interface WithCotangents {
  /** Forward and backward; the outputs are those of the forward. */
  readonly program: Program;
  /** The cotangent of each value asked for: itself a value, zeros where no output depends on it. */
  readonly of: ReadonlyMap<number, number>;
}

/**
 * The program with the backward from inputs `d:<output>` (one per float output) to any of its values.
 * @throws UsageError on a convention that changes the forward.
 */
export function withCotangents(program: Program, convention: Convention, values: Iterable<number>): WithCotangents {
  if (!isLocal(program, convention)) {
    throw new UsageError("withCotangents: the convention changes the forward; give it the forward of forwardUnder");
  }
  const builder = new ProgramBuilder(ops, program);
  const seeds = floatOutputs(program).map(({ name, value }) => ({
    value,
    adjoint: builder.input(`d:${name}`, builder.type(value)),
  }));
  const wanted = [...new Set(values)].map((value) => ({ name: `%${value}`, value }));
  const adjoints = backward(builder, program, convention, seeds, wanted);
  const of = new Map(wanted.map(({ value }, i) => [value, adjoints[i] ?? zerosLike(builder, value)]));
  return { program: builder.finish(), of };
}
