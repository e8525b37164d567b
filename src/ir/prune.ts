/** Dead code elimination: it drops nodes and moves no bit. */
import type { Program } from "./program.ts";

/** The program without the nodes that no output needs. Values keep their numbers. */
export function prune(program: Program): Program {
  const needed = new Set(program.outputs.map((output) => output.value));
  const nodes = [...program.nodes].reverse().filter((node) => {
    if (!node.outputs.some((value) => needed.has(value))) return false;
    for (const value of node.inputs) needed.add(value);
    return true;
  });
  return { ...program, nodes: nodes.reverse() };
}
