/** Internal op of reduceMax: which entries are tied for the maximum. */
import { stridesOf } from "../base/shape.ts";
import { add, constant, type Expr, eq, index, input, mul, ne, select } from "../ir/expression.ts";
import { axesOf, reductionOf } from "./arguments.ts";
import type { Op } from "./op.ts";

/** Entry x is the maximum y; where y is NaN the entries that are NaN. */
const tied: Expr = select(ne(input(1), input(1)), ne(input(0), input(0)), eq(input(0), input(1)));

/** Row-major place among the reduced axes; `axes` are the loop's axes that they are. */
export function placeAmong(reduced: readonly number[], axes: readonly number[]): Expr {
  const strides = stridesOf(reduced);
  return axes.map((axis, i) => mul(index(axis), constant(strides[i]))).reduce(add, constant(0));
}

export const maxTiesOp: Op = {
  name: "maxTies",
  doc: "The entries of x that equal their maximum y (kept dims): all of them, or only the first or last. Internal.",
  operands: ["x", "y"],
  options: [
    { name: "axes", type: "integers", default: null, doc: "the reduced axes" },
    { name: "which", type: "string", default: "all", doc: "all, first or last" },
  ],
  kinks: [],
  infer: ([x]) => [{ shape: x.shape, type: "bool" }],
  lower: ({ node, inputs, outputs, type, scratch, read, emit }) => {
    const [x, y] = inputs;
    const { shape } = type(x);
    const axes = axesOf("maxTies", shape, node.options.axes);
    const { outer, reduced, kept, order, count, access } = reductionOf(shape, axes);
    const operands = [read(x, shape), read(y, shape)];
    const map = { node: node.id, loop: "map", shape } as const;
    if (node.options.which === "all") {
      emit({ ...map, inputs: operands, outputs: [{ value: outputs[0], expr: tied }] });
      return;
    }
    const first = node.options.which === "first";
    const chosen = scratch(kept, "int32");
    const keptStrides = read(y, shape).strides;
    const place = placeAmong(
      reduced,
      axes.map((_, i) => outer.length + i),
    );
    emit({
      node: node.id,
      loop: "reduce",
      outer,
      reduced,
      inputs: [access(x), { value: y, strides: order.map((axis) => keptStrides[axis]), offset: 0 }],
      element: select(tied, place, constant(first ? count : -1)),
      combine: first ? "min" : "max",
      output: chosen,
    });
    const expr = eq(placeAmong(reduced, axes), input(0));
    emit({ ...map, inputs: [read(chosen, shape)], outputs: [{ value: outputs[0], expr }] });
  },
};
