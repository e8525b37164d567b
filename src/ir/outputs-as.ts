/** Several programs in one engine: each keeps its results apart. */
import type { Program } from "./program.ts";

/** The program with every output named `<prefix>/<name>`. */
export function outputsAs(program: Program, prefix: string): Program {
  return { ...program, outputs: program.outputs.map((output) => ({ ...output, name: `${prefix}/${output.name}` })) };
}
