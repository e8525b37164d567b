/** Contractions: tables of places, micro-kernels and the finish as words for `runtime/contract.c`. */
import { sizeOf, type Shape } from "../../base/shape.ts";
import type { Format } from "../../formats/format.ts";
import type { ContractLoop } from "../../ir/loops.ts";
import { type ContractPlan, planContract } from "../wasm/contract-plan.ts";
import { type Context, kinds, type Word } from "./context.ts";
import { float32Lanes, float64Lanes, type Lanes, lanesLike } from "./lanes.ts";
import { Line } from "./line.ts";
import { laneCount } from "./map.ts";
import { places, type Tables } from "./tables.ts";
import { fusedNarrowSteps, fusedSteps, isPlain, narrowSteps, type Steps, strictSteps, tileShape, tileSource } from "./tile.ts";
import type { Source } from "./source.ts";

/** The machine that kernels are shaped for. */
export interface Target {
  /** Bits of a vector. */
  readonly width: number;
  /** Vector registers. */
  readonly registers: number;
}

const biasKinds = { none: 0, rows: 1, columns: 2 } as const;
/** Products that repay a thread of their own. */
const productsPerPart = 2 ** 18;
const panelSteps = 256;
const longestChunk = 512;

/** Formats whose products and sums float32 arithmetic rounded once more gets right (docs/numerics.md). */
const isSmall = (format: Format): boolean => format.fractionBits + 1 <= 11 && format.exponentBits <= 7;

function stepsOf(plan: ContractPlan, operands: readonly Format[]): Steps {
  const lanes = lanesLike(plan.lanes);
  switch (plan.arithmetic) {
    case "strict":
      return strictSteps(lanes);
    case "fused":
      return fusedSteps(lanes);
    case "fusedNarrow":
      return fusedNarrowSteps(plan.accumulate);
    case "narrow":
      return narrowSteps(lanes, plan.accumulate);
    case "fastNarrow": {
      const small = [...operands, plan.accumulate].every(isSmall);
      return narrowSteps(small ? float32Lanes : float64Lanes, plan.accumulate);
    }
  }
}

/** Sums and biases -> results; undefined where the sums are the results. */
function finishLine(plan: ContractPlan, lanes: Lanes, bias: Bias, flush: boolean): { source: Source; lanes: Lanes } | undefined {
  const line = new Line(lanes);
  const { output, accumulate } = plan;
  let x = line.input(lanes.carrier);
  if (bias.kind === "none" && output.carrier === lanes.carrier && line.round(x, output, flush, true) === x) return undefined;
  if (bias.kind !== "none") {
    const b = line.input(bias.carrier, bias.kind === "columns");
    if (plan.bias === "rounded") x = line.round(x, output, flush);
    x = line.define(lanes.vector, plan.oddBias ? `oddsum64(${x}, ${b})` : `${x} + ${b}`);
    if (plan.bias === "once") x = line.round(x, accumulate);
  }
  line.output(output.carrier, line.round(x, output, flush, true));
  return { source: line.source(), lanes };
}

type Bias =
  | { readonly kind: "none" }
  | { readonly kind: "rows" | "columns"; readonly carrier: "float32" | "float64"; readonly address: number; readonly bytes: number; readonly table: number };

/** Elements of a table in a row that follow one another. */
function runOf(shape: Shape, strides: readonly number[]): number {
  let run = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (strides[axis] !== run) break;
    run *= shape[axis];
  }
  return run;
}

/** The loop as words; undefined where only the reference computes it. */
export function contractWords(context: Context, loop: ContractLoop, tables: Tables, target: Target, threads: number): Word[] | undefined {
  const { precision } = context;
  const plan = planContract(loop, (value) => context.format(value), precision, true);
  if (plan === undefined) return undefined;
  const { batch, m: M, n: N, k: K, a, b, bias: biasAccess } = loop;
  return undefined;
}
