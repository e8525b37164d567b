/** Checks a program that was not traced here against the ops. */
import { DataError, ShapeError, UsageError, unknown } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { checkOperands, completeOptions } from "../ir/builder.ts";
import type { ValueType } from "../ir/loops.ts";
import type { Program } from "../ir/program.ts";
import { deserialize } from "../ir/serialize.ts";
import { ops } from "./index.ts";

const show = ({ shape, type }: ValueType): string => `${type}${showShape(shape)}`;

/**
 * The same program, once every op exists, accepts its options and operands, and gives the declared types.
 * @throws UsageError on an unknown op or option; ShapeError on types that do not follow from the operands.
 */
function checkProgram(program: Program): Program {
  program.nodes.forEach((node, place) => {
    const op = ops.get(node.op);
    if (op === undefined) throw unknown("op", node.op, ops.keys());
    checkOperands(op, node.inputs.length);
    const options = completeOptions(op, node.options);
    const found = op.infer(
      node.inputs.map((value) => program.values[value]),
      options,
    );
    const declared = node.outputs.map((value) => program.values[value]);
    const agree =
      found.length === declared.length &&
      found.every((type, i) => type.type === declared[i].type && sameShape(type.shape, declared[i].shape));
    if (agree) return;
    throw new ShapeError(
      `node ${place} (${node.op}): declares ${declared.map(show).join(", ")}, expected ${found.map(show).join(", ")}`,
    );
  });
  return program;
}

/** `deserialize`, then `checkProgram`. @throws DataError where the text is not a program of these ops. */
export function programFromText(text: string): Program {
  try {
    return checkProgram(deserialize(text));
  } catch (error) {
    if (error instanceof UsageError) throw new DataError(`program: ${error.message}`);
    throw error;
  }
}
