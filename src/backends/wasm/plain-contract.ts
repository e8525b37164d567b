/** Contractions as plain reductions: any precision, no packing; the fast path is `contract.ts`. */
import { UsageError } from "../../base/errors.ts";
import { input, mul } from "../../ir/expression.ts";
import type { ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { emitReduce } from "./reduce.ts";

export function emitPlainContract(context: Context, f: FunctionBuilder, loop: ContractLoop): void {
  const { operands, store, arithmetic } = context.precision;
  if (loop.bias || operands.name !== store.name || arithmetic === "fused") {
    throw new UsageError("wasm: this contraction is not supported");
  }
  const rank = loop.batch.length;
  const spread = (strides: readonly number[], row: number, column: number, k: number): number[] => [
    ...strides.slice(0, rank),
    row,
    column,
    k,
  ];
  const [a, b] = [loop.a, loop.b];
  emitReduce(context, f, {
    loop: "reduce",
    node: loop.node,
    outer: [...loop.batch, loop.m, loop.n],
    reduced: [loop.k],
    inputs: [
      { ...a, strides: spread(a.strides, a.strides[rank], 0, a.strides[rank + 1]) },
      { ...b, strides: spread(b.strides, 0, b.strides[rank + 1], b.strides[rank]) },
    ],
    element: mul(input(0), input(1)),
    combine: "sum",
    output: loop.output,
  });
}
