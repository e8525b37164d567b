/** The internal op "elementwise": any scalar expression of its operands. Derivative rules are written with it. */

import { expressionFromJson, substitute } from "../ir/expression-json.ts";
import type { Json } from "../ir/program.ts";
import { elementwise } from "./elementwise.ts";
import type { Op } from "./op.ts";

export const elementwiseOp: Op = elementwise({
  name: "elementwise",
  doc: "Any scalar expression of the operands, rounded once. Internal: derivative rules are written with it.",
  operands: ["inputs..."],
  options: [
    { name: "expr", type: "expression", doc: "the expression, as ir/expression-json writes it" },
    { name: "type", type: "string", default: "store", doc: "type of the result" },
  ],
  type: (_inputs, { type }) => type as string,
  value: (x, { expr }) => substitute(expressionFromJson(expr as Json), x),
});
