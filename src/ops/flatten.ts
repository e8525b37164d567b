/** Joins the axes from one on into one, row-major. */
import { sizeOf } from "../base/shape.ts";
import type { Tensor } from "../ir/trace.ts";
import { axisOf } from "./arguments.ts";
import { call, type Operand } from "./call.ts";
import type { Op } from "./op.ts";
import { reshapeOp } from "./reshape.ts";

export const flattenOp: Op = {
  ...reshapeOp,
  name: "flatten",
  doc: "The axes of x from `axis` on joined into one, row-major.",
  options: [{ name: "axis", type: "integer", default: 1, doc: "the first axis that is joined" }],
  infer: ([x], options) => {
    const axis = axisOf("flatten", x.shape, options.axis);
    return [{ shape: [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis))], type: x.type }];
  },
};

/** The axes of x from `axis` on joined into one, row-major. @throws ShapeError */
export function flatten(x: Operand, axis: number = 1): Tensor {
  return call(flattenOp, [x], { axis });
}
