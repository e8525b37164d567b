/** square: x * x. */
import { constant, mul } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const squareOp: Op = elementwise({
  name: "square",
  doc: "X * x.",
  operands: ["x"],
  integers: true,
  value: ([x]) => mul(x, x),
  derivative: ([x]) => [mul(constant(2), x)],
});

/** X * x. Broadcasts as NumPy does. */
export function square(x: Operand): Tensor {
  return call(squareOp, [x]);
}
