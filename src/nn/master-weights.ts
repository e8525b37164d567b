/** Master weights: parameters in the accumulate format, rounded to the store format where the network reads them. */
import type { Node, Program } from "../ir/program.ts";

/** The program whose inputs of these names are of the accumulate format and cast first; every other value keeps its number. */
export function withMasterWeights(program: Program, names: Iterable<string>): Program {
  const master = new Set(names);
  const values = [...program.values];
  let id = program.nodes.reduce((next, node) => Math.max(next, node.id + 1), 0);
  const casts: Node[] = [];
  const inputs = program.inputs.map((input) => {
    if (!master.has(input.name)) return input;
    const { shape, type } = program.values[input.value];
    const value = values.push({ shape, type: "accumulate" }) - 1;
    casts.push({ id: id++, op: "cast", inputs: [value], outputs: [input.value], options: { to: type } });
    return { ...input, value };
  });
  return { ...program, values, inputs, nodes: [...casts, ...program.nodes] };
}
