/** All benchmarks: one line per group. */
import type { Bench } from "./bench.ts";

export type { Bench, Contender } from "./bench.ts";
export { timed } from "./bench.ts";
export { type BenchRow, measure } from "./harness.ts";

export const benches: readonly Bench[] = [];
