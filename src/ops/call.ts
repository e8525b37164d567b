/** How user functions apply ops: numbers become constants of the type of the tensors beside them. */
import { UsageError } from "../base/errors.ts";
import { applyTraced, Tensor, tracing } from "../ir/trace.ts";
import { constantOp } from "./constant.ts";
import { isFloatType } from "./infer.ts";
import type { Op, Options } from "./op.ts";

/** What user functions accept. */
export type Operand = Tensor | number;

function typeBeside(tensors: readonly Tensor[], value: number): string {
  const float = tensors.find((tensor) => isFloatType(tensor.type));
  if (float !== undefined) return float.type;
  return tensors.length > 0 && Number.isInteger(value) ? "int32" : "store";
}

/** All outputs of an op. @throws ShapeError, UsageError from the op; UsageError on an operand that is neither. */
export function callAll(op: Op, operands: readonly Operand[], options: Options = {}): readonly Tensor[] {
  const tensors = operands.filter((operand) => operand instanceof Tensor);
  const values = operands.map((operand, place): Tensor => {
    if (operand instanceof Tensor) return operand;
    if (typeof operand !== "number") {
      throw new UsageError(`${op.name}: operand ${place + 1} is ${typeof operand}, expected a tensor or a number`);
    }
    const program = tensors[0]?.program ?? tracing(op.name);
    const type = typeBeside(tensors, operand);
    const node = program.append(constantOp, [], { values: [operand], shape: [], type });
    return new Tensor(node.outputs[0], program);
  });
  return applyTraced(op, values, options);
}

/** The first output of an op. */
export function call(op: Op, operands: readonly Operand[], options: Options = {}): Tensor {
  return callAll(op, operands, options)[0];
}
