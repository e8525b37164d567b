/** Runs programs on the reference backend. */
import type { Carrier, Engine } from "../src/backends/backend.ts";
import { js } from "../src/backends/js/index.ts";
import { type PrecisionSpec, precision } from "../src/formats/precision.ts";
import type { Program } from "../src/ir/program.ts";
import { lower } from "../src/ops/lower.ts";

/** An engine of the reference backend over some programs. */
export function compileJs(
  programs: Readonly<Record<string, Program>>,
  spec: PrecisionSpec | string = "float32",
): Engine {
  const kernels = Object.entries(programs).map(([name, program]) => [name, lower(program)]);
  return js.compile(Object.fromEntries(kernels), precision(spec));
}

/** Writes the inputs, runs, and returns all outputs by name. */
export function evaluate(
  program: Program,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  spec: PrecisionSpec | string = "float32",
): Record<string, number[]> {
  const engine = compileJs({ program }, spec);
  for (const [name, data] of Object.entries(inputs)) engine.write(name, data);
  engine.run("program");
  const read = (carrier: Carrier): number[] => [...carrier];
  return Object.fromEntries(program.outputs.map(({ name }) => [name, read(engine.buffer(name))]));
}
