/** Makes a forward program hand its intermediate values to pullbacks. */
import { UsageError } from "../base/errors.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";

/**
 * The forward with one more output `%<value>` for each intermediate value that some pullback reads.
 * @throws UsageError where a pullback was not made from this program.
 */
export function withResiduals(program: Program, ...pullbacks: readonly Program[]): Program {
  const builder = new ProgramBuilder(new Map(), program);
  const names = new Set(program.outputs.map((output) => output.name));
  for (const { name, value } of pullbacks.flatMap((pullback) => pullback.inputs)) {
    if (!name.startsWith("%") || names.has(name)) continue;
    if (program.values[value] === undefined) throw new UsageError(`withResiduals: the program has no value ${name}`);
    names.add(name);
    builder.output(name, value);
  }
  return builder.finish();
}
