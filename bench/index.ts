/** All benchmarks: one line per group, quick ones first. */
import type { Bench } from "./bench.ts";
import { matmulBenches } from "./matmul.ts";
import { mlpBenches } from "./mlp.ts";

export type { Bench, Contender } from "./bench.ts";
export { timed } from "./bench.ts";
export { type BenchRow, measure } from "./harness.ts";

export const benches: readonly Bench[] = [...mlpBenches, ...matmulBenches];
