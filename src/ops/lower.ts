/** Lowers a program to the loops that backends know. */
import { unknown } from "../base/errors.ts";
import { broadcastStrides } from "../base/shape.ts";
import type { Kernel, Loop, ValueType } from "../ir/loops.ts";
import type { Program } from "../ir/program.ts";
import { prune } from "../ir/prune.ts";
import { ops } from "./index.ts";

/** The loops of all nodes that an output needs. @throws UsageError on an op that does not exist. */
export function lower(program: Program): Kernel {
  const { nodes, inputs, outputs, choices, values: declared } = prune(program);
  const values: ValueType[] = [...declared];
  const loops: Loop[] = [];
  for (const node of nodes) {
    const op = ops.get(node.op);
    if (op === undefined) throw unknown("op", node.op, ops.keys());
    op.lower({
      node,
      inputs: node.inputs,
      outputs: node.outputs,
      type: (value) => values[value],
      scratch: (shape, type) => values.push({ shape, type }) - 1,
      read: (value, shape) => ({ value, strides: broadcastStrides(values[value].shape, shape), offset: 0 }),
      emit: (loop) => loops.push(loop),
    });
  }
  return { values, inputs, outputs, loops, choices };
}
