/**
 * Ties that no parameter can see. Let every convention take 0 as the derivative of the rectifier at 0.
 *
 * A maximum of rectified values (pool after relu): a window whose maximum is 0 has only entries 0, tied or not. The
 * rectifier's operand z is <= 0 there, so its pullback selects 0 (z < 0) or the choice 0 (z = 0) whatever the maximum's pullback
 * put there: other uses of the same entry are added first and selected away as well.
 *
 * A maximum that only rectifiers read (pool before relu): where it is <= 0 the incoming gradient is a selected 0, and every rule
 * passes multiples of 0 on. They are +-0, which changes no sum as a number.
 *
 * NaN is not <= 0: rectifiers pass the gradient at NaN, so such windows are not silent.
 */

import { opOf } from "../../autodiff/application.ts";
import { type Convention, choiceAt } from "../../conventions/convention.ts";
import type { Node, Program } from "../../ir/program.ts";

/** Ops f with f(x) <= 0 exactly where x <= 0, whose derivative left of 0 is 0, with their kink at 0. */
const rectifiers: Readonly<Record<string, string>> = { relu: "relu.zero", relu6: "relu6.zero" };

/** Ops that hand every entry on as it is, once. */
const rearrangements: ReadonlySet<string> = new Set(["reshape", "transpose", "flatten"]);

function isSilent(node: Node | undefined, conventions: readonly Convention[]): boolean {
  const name = node === undefined ? undefined : rectifiers[node.op];
  if (node === undefined || name === undefined) return false;
  const kink = opOf(node).kinks.find((candidate) => candidate.name === name);
  if (kink === undefined) return false;
  return conventions.every((convention) => {
    const choice = choiceAt(convention, kink, node.id);
    return (typeof choice === "object" ? choice.value : choice) === 0;
  });
}

/** The node that makes a value, seen through rearrangements. */
function makerOf(program: Program, value: number): Node | undefined {
  const node = program.nodes.find(({ outputs }) => outputs.includes(value));
  return node !== undefined && rearrangements.has(node.op) ? makerOf(program, node.inputs[0]) : node;
}

/** The nodes that read a value, seen through rearrangements; undefined where it is an output (a residual `%<value>` is none). */
function readersOf(program: Program, value: number): Node[] | undefined {
  if (program.outputs.some((output) => output.value === value && !output.name.startsWith("%"))) return undefined;
  const readers = program.nodes.filter(({ inputs }) => inputs.includes(value));
  const found = readers.map((node) => (rearrangements.has(node.op) ? readersOf(program, node.outputs[0]) : [node]));
  return found.includes(undefined) ? undefined : found.flatMap((nodes) => nodes as Node[]);
}

/** Whether ties of `node` (an op with a tie kink over its first operand) matter only where the tied value is positive or NaN. */
export function silencesTies(program: Program, node: Node, conventions: readonly Convention[]): boolean {
  if (isSilent(makerOf(program, node.inputs[0]), conventions)) return true;
  const readers = readersOf(program, node.outputs[0]);
  return readers !== undefined && readers.length > 0 && readers.every((reader) => isSilent(reader, conventions));
}
