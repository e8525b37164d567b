/** The internal op "count": how often a predicate holds over all elements. The census is written with it. */
import { input } from "../ir/expression.ts";
import { expressionFromJson, substitute } from "../ir/expression-json.ts";
import type { Json } from "../ir/program.ts";
import { compact } from "./apply-expression.ts";
import { broadcastOf } from "./infer.ts";
import type { Op } from "./op.ts";

export const countOp: Op = {
  name: "count",
  doc: "Number of elements (of the operands broadcast together) at which a 0/1 expression holds. Internal.",
  operands: ["inputs..."],
  options: [{ name: "expr", type: "expression", doc: "the predicate, as ir/expression-json writes it" }],
  kinks: [],
  infer: (inputs) => {
    broadcastOf("count", inputs);
    return [{ shape: [], type: "int32" }];
  },
  lower: (at) => {
    const shape = broadcastOf(
      "count",
      at.inputs.map((value) => at.type(value)),
    );
    const operands = at.inputs.map((_, place) => input(place));
    const { used, expr } = compact(substitute(expressionFromJson(at.node.options.expr as Json), operands));
    const inputs = used.map((place) => at.read(at.inputs[place], shape));
    at.emit({
      node: at.node.id,
      loop: "reduce",
      outer: [],
      reduced: shape,
      inputs,
      element: expr,
      combine: "sum",
      output: at.outputs[0],
    });
  },
};
