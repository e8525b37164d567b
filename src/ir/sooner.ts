/** Moves nodes forward to where their operands are ready: they find them in the cache, and gradients live shorter. */
import type { Node, Program } from "./program.ts";

/**
 * The program with every node of an id from `first` on right behind the last node that it must follow: the producers of what it
 * reads, and the readers of an input whose buffer its result takes over. No bit changes.
 */
export function sooner(program: Program, first: number): Program {
  const produced = new Map<number, number>();
  const lastRead = new Map<number, number>();
  const inputs = new Map(program.inputs.map(({ name, value }) => [name, value]));
  const replaced = new Map(
    program.outputs.flatMap(({ value, alias }) =>
      alias === undefined ? [] : [[value, inputs.get(alias) as number] as const],
    ),
  );
  const placeOf = (node: Node, index: number): number => {
    if (node.id < first) return index;
    const waits = node.inputs.map((value) => produced.get(value) ?? -1);
    const overwritten = node.outputs.map((value) => lastRead.get(replaced.get(value) ?? -1) ?? -1);
    return Math.max(-1, ...waits, ...overwritten);
  };
  const placed = program.nodes.map((node, index) => {
    const place = placeOf(node, index);
    for (const value of node.outputs) produced.set(value, place);
    for (const value of node.inputs) lastRead.set(value, Math.max(place, lastRead.get(value) ?? -1));
    return { node, place };
  });
  return { ...program, nodes: placed.sort((a, b) => a.place - b.place).map(({ node }) => node) };
}
