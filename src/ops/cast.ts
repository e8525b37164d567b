/** cast: the same numbers in another type. */
import { ne, one, trunc, zero } from "../ir/expression.ts";
import type { ElementType } from "../ir/loops.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const castOp: Op = elementwise({
  name: "cast",
  doc: "The numbers of x in another type: rounded to a format, truncated to int32, or compared with 0 for bool.",
  operands: ["x"],
  options: [{ name: "to", type: "string", doc: "int32, bool, store, accumulate, operands, a slot or a format" }],
  type: (_inputs, { to }) => to as string,
  value: ([x], { to }) => {
    if (to === "bool") return ne(x, zero);
    return to === "int32" ? trunc(x) : x;
  },
  derivative: (_x, { to }) => [to === "bool" || to === "int32" ? zero : one],
});

/** x in the type `to`. */
export function cast(x: Operand, to: ElementType): Tensor {
  return call(castOp, [x], { to });
}
