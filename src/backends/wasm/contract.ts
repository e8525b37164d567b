/**
 * Contractions, packed (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): panels of rows
 * and columns are copied into scratch memory, so the micro-kernel runs alike on every layout. A chunk of packed terms
 * holds whole blocks of the sum, or a part of a long one; the order of additions is that of docs/numerics.md.
 */
import type { Precision } from "../../formats/precision.ts";
import type { ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import { Driver } from "./contract-driver.ts";
import { type ContractPlan, eachTable, type FormatOf, planContract, type TableUse } from "./contract-plan.ts";
import { once } from "./once.ts";
import { probe } from "./probe.ts";
import { relaxedSteps, strictSteps } from "./steps.ts";
import { fusedFloat64Steps, fusedNarrowSteps, narrowSteps } from "./steps-exact.ts";
import { fastNarrowSteps } from "./steps-narrow.ts";
import type { Steps } from "./tile.ts";

/** Bytes of scratch memory that a contraction needs; 0 where `emitContract` would decline. */
export function contractScratch(loop: ContractLoop, formatOf: FormatOf, precision: Precision): number {
  return planContract(loop, formatOf, precision, probe().fused)?.scratch.bytes ?? 0;
}

/** Calls `use` for every table that the contraction will read; none where `emitContract` would decline. */
export function contractTables(loop: ContractLoop, formatOf: FormatOf, precision: Precision, use: TableUse): void {
  const plan = planContract(loop, formatOf, precision, probe().fused);
  if (plan !== undefined) eachTable(plan, loop, formatOf, use);
}

function stepsOf(context: Context, { arithmetic, lanes, accumulate }: ContractPlan): Steps {
  switch (arithmetic) {
    case "strict":
      return strictSteps(lanes);
    case "fastNarrow":
      return once(context.module, ["fastNarrow", accumulate], () => fastNarrowSteps(context.module, accumulate));
    case "narrow":
      return narrowSteps(lanes, accumulate);
    case "fusedNarrow":
      return fusedNarrowSteps(accumulate);
    case "fused":
      if (probe().fused) return relaxedSteps(lanes);
      return once(context.module, "fusedFloat64Steps", () => fusedFloat64Steps(context.module, context.host));
  }
}

/**
 * Writes a contraction into `f`; `scratch` is the byte address of `contractScratch` bytes. Returns false, having written
 * nothing, where the precision needs the plain loop (`planContract`).
 */
export function emitContract(context: Context, f: FunctionBuilder, loop: ContractLoop, scratch: number): boolean {
  const plan = planContract(loop, (value) => context.format(value), context.precision, probe().fused);
  if (plan === undefined) return false;
  new Driver(context, f, loop, plan, stepsOf(context, plan), scratch).emit();
  return true;
}
