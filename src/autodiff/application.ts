/** How derivative rules see a node: its values and the choices of a convention. */
import { unknown } from "../base/errors.ts";
import { checkChoice, parameterOf, withoutAlias } from "../conventions/choice.ts";
import { type Convention, choiceAt } from "../conventions/convention.ts";
import type { ProgramBuilder } from "../ir/builder.ts";
import type { Node } from "../ir/program.ts";
import { ops } from "../ops/index.ts";
import type { Application, Op } from "../ops/op.ts";

/** Every kink at its op's default. */
export const defaultConvention: Convention = { name: "default", choices: {} };

/** @throws UsageError on an op that does not exist. */
export function opOf(node: Node): Op {
  const op = ops.get(node.op);
  if (op === undefined) throw unknown("op", node.op, ops.keys());
  return op;
}

/**
 * The node under a convention. A numeric choice becomes the run-time scalar `<kink>@<id>` of the program under
 * construction. @throws UsageError where the kink does not accept the convention's choice.
 */
export function applicationOf(builder: ProgramBuilder, node: Node, convention: Convention): Application {
  const op = opOf(node);
  return {
    node,
    inputs: node.inputs,
    outputs: node.outputs,
    options: node.options,
    chosen: (name) => {
      const kink = op.kinks.find((candidate) => candidate.name === name);
      if (kink === undefined) {
        throw unknown(
          `kink of ${op.name}`,
          name,
          op.kinks.map((candidate) => candidate.name),
        );
      }
      const given = choiceAt(convention, kink, node.id);
      checkChoice(kink, given);
      const choice = withoutAlias(kink, given);
      const parameter = `${name}@${node.id}`;
      const value = parameterOf(choice);
      if (value !== undefined) builder.choice(parameter, value);
      return { choice, parameter };
    },
  };
}
