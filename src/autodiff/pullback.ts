/** The backward program of a program under a convention. One forward serves many of them. */
import { UsageError } from "../base/errors.ts";
import type { Convention } from "../conventions/convention.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Node, Program } from "../ir/program.ts";
import { prune } from "../ir/prune.ts";
import { ops } from "../ops/index.ts";
import { defaultConvention } from "./application.ts";
import { backward, zerosLike } from "./backward.ts";
import { forwardUnder } from "./forward.ts";
import { floatOutputs, inputsOf } from "./wrt.ts";

export interface PullbackOptions {
  /** Names of the inputs to differentiate; default: all float inputs. */
  readonly wrt?: readonly string[];
}

/** The name under which a pullback reads a value of its forward. */
function residualName(program: Program, value: number): string {
  const input = program.inputs.find((candidate) => candidate.value === value);
  if (input !== undefined) {
    const update = program.outputs.find((output) => output.alias === input.name);
    if (update === undefined) return input.name;
    throw new UsageError(`pullback: input '${input.name}' is needed but output '${update.name}' overwrites it`);
  }
  const output = program.outputs.find((candidate) => candidate.value === value && candidate.alias === undefined);
  return output?.name ?? `%${value}`;
}

/** Keeps the nodes from id `first` on; what they read of earlier nodes becomes inputs (constants are repeated). */
function split(forward: Program, whole: Program, first: number, outputs: Program["outputs"]): Program {
  const own = new Set(whole.inputs.slice(forward.inputs.length).map((input) => input.value));
  const later = prune({ ...whole, outputs, nodes: whole.nodes.filter((node) => node.id >= first) });
  const made = new Set(later.nodes.flatMap((node) => node.outputs));
  const read = new Set([...later.nodes.flatMap((node) => node.inputs), ...outputs.map((output) => output.value)]);
  const outside = [...read].filter((value) => !made.has(value) && !own.has(value)).sort((a, b) => a - b);
  const producers = new Map(forward.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const isConstant = (value: number): boolean => producers.get(value)?.inputs.length === 0;
  const constants = outside.filter(isConstant).map((value) => producers.get(value) as Node);
  const residuals = outside.filter((value) => !isConstant(value));
  return {
    ...later,
    inputs: [
      ...residuals.map((value) => ({ name: residualName(forward, value), value })),
      ...whole.inputs.slice(forward.inputs.length),
    ],
    nodes: [...new Set(constants), ...later.nodes],
  };
}

interface Joined {
  readonly whole: Program;
  readonly outputs: Program["outputs"];
}

function join(program: Program, convention: Convention, wrt: readonly string[] | undefined): Joined {
  const inputs = inputsOf(program, wrt);
  const builder = new ProgramBuilder(ops, { ...program, choices: [] });
  const seeds = floatOutputs(program).map(({ name, value }) => ({
    value,
    adjoint: builder.input(`d:${name}`, builder.type(value)),
  }));
  const adjoints = backward(builder, prune(program), convention, seeds, inputs);
  const outputs = inputs.map(({ name, value }, i) => ({
    name: `d:${name}`,
    value: adjoints[i] ?? zerosLike(builder, value),
  }));
  return { whole: builder.finish(), outputs };
}

/**
 * The backward program alone. Inputs: residuals of the forward (by the name of its input or output, else `%<value>`, see
 * `withResiduals`) and `d:<output>` for each float output. Outputs: `d:<input>`; zeros where no output depends on it.
 * Numeric choices are run-time scalars `<kink>@<node>`.
 * @throws UsageError on an unknown name in `wrt`, or a choice that its kink does not accept, or that changes the forward (then
 * `program` must be `forwardUnder(program, convention)`).
 */
export function pullback(
  program: Program,
  convention: Convention = defaultConvention,
  { wrt }: PullbackOptions = {},
): Program {
  const { whole, outputs } = join(program, convention, wrt);
  const first = program.nodes.reduce((next, node) => Math.max(next, node.id + 1), 0);
  return split(program, whole, first, outputs);
}

/**
 * Forward (as the convention wants it) and pullback in one program that computes its own residuals. Inputs: those of the program and `d:<output>`;
 * outputs: `d:<input>` alone, so that it can be differentiated again.
 * @throws UsageError as `pullback`.
 */
export function joinedPullback(
  original: Program,
  convention: Convention = defaultConvention,
  { wrt }: PullbackOptions = {},
): Program {
  const program = forwardUnder(original, convention);
  const { whole, outputs } = join(program, convention, wrt);
  const choices = [
    ...program.choices,
    ...whole.choices.filter((own) => !program.choices.some((c) => c.name === own.name)),
  ];
  return prune({ ...whole, outputs, choices });
}
