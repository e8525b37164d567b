/** What ops share when they infer types. */
import { ShapeError, UsageError } from "../base/errors.ts";
import { broadcastShapes, showShape } from "../base/shape.ts";
import type { ElementType, ValueType } from "../ir/loops.ts";

export function isFloatType(type: ElementType): boolean {
  return type !== "int32" && type !== "bool";
}

/** The NumPy broadcast of the operands. @throws ShapeError */
export function broadcastOf(op: string, inputs: readonly ValueType[]): number[] {
  const shape = broadcastShapes(...inputs.map((value) => value.shape));
  if (shape !== undefined) return shape;
  throw new ShapeError(`${op}: shapes ${inputs.map((value) => showShape(value.shape)).join(" and ")} do not broadcast`);
}

/** The one float type among the operands, else int32. @throws UsageError where two float types meet. */
export function promote(op: string, inputs: readonly ValueType[]): ElementType {
  const floats = [...new Set(inputs.map((value) => value.type).filter(isFloatType))];
  if (floats.length <= 1) return floats[0] ?? "int32";
  throw new UsageError(`${op}: operands are of types ${floats.join(" and ")}; cast one of them first`);
}
