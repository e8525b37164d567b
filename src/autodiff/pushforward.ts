/** Values and directional derivatives in one program. */
import { UsageError } from "../base/errors.ts";
import type { Convention } from "../conventions/convention.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Program } from "../ir/program.ts";
import { ops } from "../ops/index.ts";
import { isFloatType } from "../ops/infer.ts";
import { applicationOf, defaultConvention, opOf } from "./application.ts";
import { zerosLike } from "./backward.ts";
import { forwardUnder } from "./forward.ts";
import { floatOutputs, inputsOf } from "./wrt.ts";

export interface PushforwardOptions {
  /** Names of the inputs that have a tangent; default: all float inputs. */
  readonly wrt?: readonly string[];
  /** Kinks are resolved by the sign of the tangent (the one-sided directional derivative) instead of by the choice. */
  readonly oneSided?: boolean;
}

/**
 * The program, its forward as the convention wants it, with further inputs `t:<input>` and outputs `t:<output>`: the derivative in the direction of the tangents.
 * @throws UsageError on an unknown name in `wrt`, an unaccepted choice, or `overwrite` (which exists backward only).
 */
export function pushforward(
  original: Program,
  convention: Convention = defaultConvention,
  { wrt, oneSided = false }: PushforwardOptions = {},
): Program {
  const program = forwardUnder(original, convention);
  const builder = new ProgramBuilder(ops, program);
  const tangents = new Map<number, number>();
  for (const { name, value } of inputsOf(program, wrt)) {
    tangents.set(value, builder.input(`t:${name}`, builder.type(value)));
  }
  for (const node of program.nodes) {
    const given = node.inputs.map((value) => tangents.get(value));
    if (given.every((tangent) => tangent === undefined)) continue;
    const at = applicationOf(builder, node, convention);
    const rule = opOf(node).pushforward;
    if (rule === undefined) {
      if (node.outputs.every((value) => !isFloatType(program.values[value].type))) continue;
      throw new UsageError(`${node.op}: has no derivative rule, it is not differentiated`);
    }
    const found = rule(builder, at, given, oneSided);
    found.forEach((tangent, i) => {
      if (tangent !== undefined) tangents.set(node.outputs[i], tangent);
    });
  }
  for (const { name, value } of floatOutputs(program)) {
    builder.output(`t:${name}`, tangents.get(value) ?? zerosLike(builder, value));
  }
  return builder.finish();
}
