/** eq, ne, lt, le, gt, ge: comparisons to bool. */
import { type CompareName, type Expr, zero } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { promote } from "./infer.ts";
import type { Op } from "./op.ts";

const signs: Readonly<Record<CompareName, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };

function comparison(name: CompareName): Op {
  return elementwise({
    name,
    doc: `a ${signs[name]} b as 0 or 1; with NaN only != holds. Its derivative is 0.`,
    operands: ["a", "b"],
    type: (inputs) => {
      promote(name, inputs);
      return "bool";
    },
    value: ([a, b]): Expr => ({ kind: "compare", name, a, b }),
    derivative: () => [zero, zero],
  });
}

export const eqOp: Op = comparison("eq");
export const neOp: Op = comparison("ne");
export const ltOp: Op = comparison("lt");
export const leOp: Op = comparison("le");
export const gtOp: Op = comparison("gt");
export const geOp: Op = comparison("ge");

type Compare = (a: Operand, b: Operand) => Tensor;
const user =
  (op: Op): Compare =>
  (a, b) =>
    call(op, [a, b]);

/** a == b, as bool; broadcasts as NumPy does. */
export const eq: Compare = user(eqOp);
/** a != b. */
export const ne: Compare = user(neOp);
/** a < b. */
export const lt: Compare = user(ltOp);
/** a <= b. */
export const le: Compare = user(leOp);
/** a > b. */
export const gt: Compare = user(gtOp);
/** a >= b. */
export const ge: Compare = user(geOp);
