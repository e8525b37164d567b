/** The kink instances of a network in program order, and what a forward counts at each: zeros, NaN, ties by the sign of the value. */

import { applicationOf, defaultConvention, opOf } from "../../autodiff/application.ts";
import { census } from "../../autodiff/census.ts";
import { UsageError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Convention } from "../../conventions/convention.ts";
import type { Kink } from "../../conventions/kink.ts";
import { ProgramBuilder } from "../../ir/builder.ts";
import { both, constant, type Expr, eq, gt, input, le, select } from "../../ir/expression.ts";
import { expressionToJson } from "../../ir/expression-json.ts";
import type { Node, Program } from "../../ir/program.ts";
import { ops } from "../../ops/index.ts";
import type { Op } from "../../ops/op.ts";
import { silencesTies } from "./silence.ts";

export interface KinkLayer {
  /** The layer that the network names, "relu3"; else the instance, "relu.zero@3". */
  readonly label: string;
  /** "relu.zero" */
  readonly kink: string;
  readonly node: number;
  /** Elements (ties: windows) per mini-batch. */
  readonly total: number;
  /** Whether the choices at this kink are compared. */
  readonly compared: boolean;
  readonly tie: boolean;
  /** Whether `tested` tells what is on the kink: a number of ties above 1, or an operand equal to 0. */
  readonly testable: boolean;
  /** Outputs of the forward, int32 scalars: elements on the kink; those that may reach a parameter (`silence.ts`). */
  readonly on: string;
  readonly reaching: string;
  /** NaN operands, where the op counts them. */
  readonly nan: string | undefined;
  /** Ties whose value is 0, and is above 0 (for tie kinks). */
  readonly atZero: string | undefined;
  readonly positive: string | undefined;
  /** Buffer of the operand that is tested; of ties: of their number per window. */
  readonly tested: string;
  /** Ties: buffer of the maxima. */
  readonly value: string | undefined;
}

const tied = gt(input(0), constant(1));
const zero = constant(0);

/** How kinks at a zero operand say where they are. */
const operandIsZero = "x == 0";

/** Kinks whose elements are always counted: operands equal to zero, and ties. */
const counted = (kink: Kink, tie: boolean): boolean => tie || kink.where === operandIsZero;

/** The name of a value among inputs and outputs; one is given where there is none. */
function expose(builder: ProgramBuilder, program: Program, value: number): string {
  const found = [...program.outputs, ...program.inputs].find((entry) => entry.value === value);
  if (found !== undefined) return found.name;
  const name = `%${value}`;
  if (!builder.finish().outputs.some((output) => output.name === name)) builder.output(name, value);
  return name;
}

type Counts = Omit<KinkLayer, "compared">;

/** Networks give their layers' names as the source of nodes. */
export function labelOf({ source, id }: Node, kink: string): string {
  return source !== undefined && /^[a-zA-Z]\w*$/.test(source) ? source : `${kink}@${id}`;
}

/** Adds the counts of a tie kink. @param silenced Whether ties of values that are not positive reach no parameter. */
function tieLayer(builder: ProgramBuilder, program: Program, node: Node, kink: Kink, silenced: boolean): Counts {
  const instance = `${kink.name}@${node.id}`;
  const at = applicationOf(builder, node, defaultConvention);
  const { count: ties, value } = (opOf(node).ties as NonNullable<Op["ties"]>)(builder, at);
  const count = (name: string, test: Expr): string => {
    const output = `${name}:${instance}`;
    builder.output(output, builder.apply("count", [ties, value], { expr: expressionToJson(test) })[0]);
    return output;
  };
  builder.output(`ties:${instance}`, ties);
  const on = count("ties:on", tied);
  return {
    label: labelOf(node, kink.name),
    kink: kink.name,
    node: node.id,
    total: sizeOf(builder.type(value).shape),
    tie: true,
    testable: true,
    on,
    reaching: silenced ? count("ties:reaching", select(le(input(1), zero), zero, tied)) : on,
    nan: undefined,
    atZero: count("ties:zero", both(tied, eq(input(1), zero))),
    positive: count("ties:positive", both(tied, gt(input(1), zero))),
    tested: `ties:${instance}`,
    value: expose(builder, program, value),
  };
}

function scalarLayer(builder: ProgramBuilder, program: Program, node: Node, kink: Kink): Counts {
  const [value] = node.inputs;
  const on = `census:${kink.name}@${node.id}`;
  const nan = `census:nan:${kink.name}@${node.id}`;
  return {
    label: labelOf(node, kink.name),
    kink: kink.name,
    node: node.id,
    total: sizeOf(program.values[node.outputs[0]].shape),
    tie: false,
    testable: kink.where === operandIsZero,
    on,
    reaching: on,
    nan: opOf(node).nanCensus === undefined ? undefined : nan,
    atZero: undefined,
    positive: undefined,
    tested: expose(builder, program, value),
    value: undefined,
  };
}

/** @throws UsageError where the network has none of the kinks that are compared. */
export function checkKinks(name: string, program: Program, compared: readonly string[]): void {
  const instances = program.nodes.flatMap((node) => opOf(node).kinks.map((kink) => [kink.name, node.id] as const));
  if (instances.some(([kink, node]) => compared.some((wanted) => wanted === kink || wanted === `${kink}@${node}`)))
    return;
  const known = [...new Set(instances.map(([kink]) => kink))].join(", ");
  throw new UsageError(`--kink ${compared.join(", ")}: network ${name} has none; its kinks: ${known || "none"}`);
}

/**
 * The forward with its counts as further outputs, and the layers that they belong to.
 * @param compared Names of kinks (or instances, `relu.zero@3`) whose choices are compared.
 */
export function instrument(
  program: Program,
  conventions: readonly Convention[],
  compared: readonly string[],
): { readonly forward: Program; readonly layers: readonly KinkLayer[] } {
  const isCompared = (kink: string, node: number): boolean =>
    compared.some((name) => name === kink || name === `${kink}@${node}`);
  const wanted = program.nodes.flatMap((node) => {
    const op = opOf(node);
    const tie = op.ties !== undefined;
    return op.kinks
      .filter((kink) => isCompared(kink.name, node.id) || counted(kink, tie))
      .map((kink) => ({ node, kink, tie }));
  });
  const scalars = new Set(wanted.filter(({ tie }) => !tie).map(({ kink }) => kink.name));
  const builder = new ProgramBuilder(ops, census(program, { kinks: [...scalars] }));
  const layers = wanted.map(({ node, kink, tie }): KinkLayer => {
    const layer = tie
      ? tieLayer(builder, program, node, kink, silencesTies(program, node, conventions))
      : scalarLayer(builder, program, node, kink);
    return { ...layer, compared: isCompared(kink.name, node.id) };
  });
  return { forward: builder.finish(), layers };
}
