/** Programs: traced, printed, written to text and read back. */

export type { Expr } from "./expression.ts";
export type { Kernel, Loop, ValueType } from "./loops.ts";
export { print } from "./print.ts";
export type { Json, Node, Program } from "./program.ts";
export { prune } from "./prune.ts";
export { deserialize, serialize } from "./serialize.ts";
export { extend, type Specs, Tensor, type Traced, trace, type Update, update } from "./trace.ts";
