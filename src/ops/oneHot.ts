/** Rows that are 1 at their label and 0 elsewhere. */
import { UsageError } from "../base/errors.ts";
import { eq, index, input } from "../ir/expression.ts";
import type { Tensor } from "../ir/trace.ts";
import { call } from "./call.ts";
import type { Op } from "./op.ts";

export const oneHotOp: Op = {
  name: "oneHot",
  doc: "1 where the index along a new last axis equals the label, else 0; a label outside 0 .. classes - 1 gives zeros.",
  operands: ["labels"],
  options: [
    { name: "classes", type: "integer", doc: "extent of the new axis" },
    { name: "type", type: "string", default: "store", doc: "type of the result" },
  ],
  kinks: [],
  infer: ([labels], { classes, type }) => {
    if (labels.type !== "int32") throw new UsageError(`oneHot: labels of type ${labels.type}, expected int32`);
    if (typeof classes !== "number" || !Number.isInteger(classes) || classes < 0) {
      throw new UsageError(`oneHot: classes is ${JSON.stringify(classes)}, expected a whole number`);
    }
    return [{ shape: [...labels.shape, classes], type: type as string }];
  },
  lower: ({ node, inputs, outputs, type, read, emit }) => {
    const { shape } = type(outputs[0]);
    const labels = read(inputs[0], shape.slice(0, -1));
    const from = { ...labels, strides: [...labels.strides, 0] };
    const expr = eq(index(shape.length - 1), input(0));
    emit({ node: node.id, loop: "map", shape, inputs: [from], outputs: [{ value: outputs[0], expr }] });
  },
  pullback: () => [undefined],
};

/** labels [...] as [..., classes] with a 1 at each label. */
export function oneHot(labels: Tensor, classes: number, type = "store"): Tensor {
  return call(oneHotOp, [labels], { classes, type });
}
