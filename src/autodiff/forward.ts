/** Conventions whose choices change the forward program, not only its derivative. */
import { checkChoice, forwardOp, parameterOf } from "../conventions/choice.ts";
import { type Convention, choiceAt } from "../conventions/convention.ts";
import type { Node, Program } from "../ir/program.ts";
import { opOf } from "./application.ts";

interface Change {
  readonly op: string;
  readonly choice: { readonly name: string; readonly value: number };
}

function changeOf(node: Node, convention: Convention): Change | undefined {
  for (const kink of opOf(node).kinks) {
    const choice = choiceAt(convention, kink, node.id);
    const op = forwardOp(kink, choice);
    if (op === undefined || op === node.op) continue;
    checkChoice(kink, choice);
    return { op, choice: { name: `${kink.name}@${node.id}`, value: parameterOf(choice) as number } };
  }
  return undefined;
}

/**
 * The program whose forward the convention's choices ask for: nodes change their op and keep id, operands and results, so
 * kink instances keep their names. The program itself where every choice is local.
 * @throws UsageError where a kink does not accept its choice.
 */
export function forwardUnder(program: Program, convention: Convention): Program {
  const changes = new Map<Node, Change>();
  for (const node of program.nodes) {
    const change = changeOf(node, convention);
    if (change !== undefined) changes.set(node, change);
  }
  if (changes.size === 0) return program;
  const scalars = [...changes.values()].map(({ choice }) => choice);
  const names = new Set(scalars.map(({ name }) => name));
  return {
    ...program,
    nodes: program.nodes.map((node) => {
      const change = changes.get(node);
      return change === undefined ? node : { ...node, op: change.op };
    }),
    choices: [...program.choices.filter(({ name }) => !names.has(name)), ...scalars],
  };
}

/**
 * Whether every choice of the convention acts only on its kink in this program: then all such conventions share one
 * forward, and where the census counts nothing they give the same bits.
 */
export function isLocal(program: Program, convention: Convention): boolean {
  return program.nodes.every((node) =>
    opOf(node).kinks.every((kink) => forwardOp(kink, choiceAt(convention, kink, node.id)) === undefined),
  );
}
