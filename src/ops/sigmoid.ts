/** sigmoid: 1 / (1 + exp(-x)). */
import type { Tensor } from "../ir/trace.ts";
import { call, type Operand } from "./call.ts";
import { elementwise } from "./elementwise.ts";
import { logistic, logisticSlope } from "./logistic.ts";
import type { Op } from "./op.ts";

export const sigmoidOp: Op = elementwise({
  name: "sigmoid",
  doc: "1 / (1 + exp(-x)).",
  operands: ["x"],
  value: ([x]) => logistic(x),
  derivative: ([x]) => [logisticSlope(x)],
});

/** 1 / (1 + exp(-x)). Broadcasts as NumPy does. */
export function sigmoid(x: Operand): Tensor {
  return call(sigmoidOp, [x]);
}
