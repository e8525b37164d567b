/** Which inputs derivatives are taken with respect to, and what depends on them. */
import { UsageError, unknown } from "../base/errors.ts";
import type { Program } from "../ir/program.ts";
import { isFloatType } from "../ops/infer.ts";

export type NamedValue = { readonly name: string; readonly value: number };

/**
 * The named inputs; by default all float inputs.
 * @throws UsageError on a name that is no input, or no float.
 */
export function inputsOf(program: Program, names?: readonly string[]): readonly NamedValue[] {
  const floats = program.inputs.filter(({ value }) => isFloatType(program.values[value].type));
  return (
    names?.map((name) => {
      const found = program.inputs.find((input) => input.name === name);
      if (found === undefined) {
        throw unknown(
          "input",
          name,
          program.inputs.map((input) => input.name),
        );
      }
      if (!floats.includes(found)) throw new UsageError(`input '${name}' is not a float, it has no derivative`);
      return found;
    }) ?? floats
  );
}

/** The float outputs. */
export function floatOutputs(program: Program): readonly NamedValue[] {
  return program.outputs.filter(({ value }) => isFloatType(program.values[value].type));
}

/** The values that some of `sources` reach. */
export function reachedFrom(program: Program, sources: readonly NamedValue[]): ReadonlySet<number> {
  const reached = new Set(sources.map((source) => source.value));
  for (const node of program.nodes) {
    if (node.inputs.some((value) => reached.has(value))) for (const value of node.outputs) reached.add(value);
  }
  return reached;
}
