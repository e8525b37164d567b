/** Counts the elements that sit exactly on kinks. */
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";
import { ops } from "../ops/index.ts";
import { applicationOf, defaultConvention, opOf } from "./application.ts";

export interface CensusOptions {
  /** Names of the kinks to count; default: all. */
  readonly kinks?: readonly string[];
  /** Also count NaN operands where an op has a rule for them (default). */
  readonly nan?: boolean;
}

/** The kink instances of a program, `<kink>@<node>`, in program order. */
export function kinksOf(program: Program): string[] {
  return program.nodes.flatMap((node) => opOf(node).kinks.map((kink) => `${kink.name}@${node.id}`));
}

/**
 * The program with further int32 scalar outputs `census:<kink>@<node>` (elements exactly on the kink, by the stored
 * values) and `census:nan:<kink>@<node>` (NaN operands, counted apart, where the op has a rule for them).
 */
export function census(program: Program, { kinks, nan = true }: CensusOptions = {}): Program {
  const builder = new ProgramBuilder(ops, program);
  for (const node of program.nodes) {
    const op = opOf(node);
    const at = applicationOf(builder, node, defaultConvention);
    for (const { name } of op.kinks) {
      if (kinks !== undefined && !kinks.includes(name)) continue;
      if (op.census) builder.output(`census:${name}@${node.id}`, op.census(builder, at, name));
      if (nan && op.nanCensus) builder.output(`census:nan:${name}@${node.id}`, op.nanCensus(builder, at));
    }
  }
  return builder.finish();
}

/**
 * The program with further outputs for each node that selects among entries (pools): `ties:<kink>@<node>` and
 * `first:<kink>@<node>` (int32 per window: how many entries are the maximum, the row-major tap of the first) and
 * `value:<kink>@<node>` (the maximum that they share).
 */
export function withTies(program: Program): Program {
  const builder = new ProgramBuilder(ops, program);
  for (const node of program.nodes) {
    const op = opOf(node);
    if (op.ties === undefined) continue;
    const { count, first, value } = op.ties(builder, applicationOf(builder, node, defaultConvention));
    const name = `${op.kinks[0].name}@${node.id}`;
    builder.output(`ties:${name}`, count);
    builder.output(`first:${name}`, first);
    builder.output(`value:${name}`, value);
  }
  return builder.finish();
}
