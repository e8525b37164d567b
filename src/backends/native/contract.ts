/** Contractions: tables of places, micro-kernels and the finish as words for `runtime/contract.c`. */
import { UsageError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Format } from "../../formats/format.ts";
import type { ContractLoop } from "../../ir/loops.ts";
import { type ContractPlan, planContract } from "../wasm/contract-plan.ts";
import { walkOf } from "../wasm/walk.ts";
import { type Context, kinds, type Word } from "./context.ts";
import { float32Lanes, float64Lanes, type Lanes, lanesLike } from "./lanes.ts";
import { Line } from "./line.ts";
import { laneCount } from "./map.ts";
import { inPlaceKinds, inPlaceOf, isSwapped, type Side, sidesOf } from "./sides.ts";
import type { Source } from "./source.ts";
import type { Tables } from "./tables.ts";
import {
  fusedNarrowSteps,
  fusedSteps,
  isPlain,
  narrowSteps,
  type Steps,
  strictSteps,
  tileShape,
  tileSource,
} from "./tile.ts";

/** The machine that kernels are shaped for. */
export interface Target {
  /** Bits of a vector. */
  readonly width: number;
  /** Vector registers. */
  readonly registers: number;
}

const biasKinds = { none: 0, rows: 1, columns: 2 } as const;
/** Results side by side that repay a call of their own: LONG_RUN of `runtime/contract.c`. */
const longRun = 128;
/** Bytes from one place of a first-level cache to the next that shares its set: tiles of such rows would push each other out. */
const cacheWay = 4096;
/** Products that repay a thread of their own. */
const productsPerPart = 2 ** 18;

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
function finishLine(
  plan: ContractPlan,
  lanes: Lanes,
  bias: Bias,
  flush: boolean,
): { source: Source; lanes: Lanes } | undefined {
  const line = new Line(lanes);
  const { output, accumulate } = plan;
  let x = line.input(lanes.carrier);
  if (bias.kind === "none" && output.carrier === lanes.carrier && line.round(x, output, flush, true) === x)
    return undefined;
  if (bias.kind !== "none") {
    const b = line.input(bias.carrier, bias.kind === "columns");
    if (plan.bias === "rounded") x = line.round(x, output, flush);
    x = line.define(lanes.vector, plan.oddBias ? `oddsum64(${x}, ${b})` : `${x} + ${b}`);
    if (plan.bias === "once") x = line.round(x, accumulate);
  }
  line.output(output.carrier, line.round(x, output, flush, true));
  return { source: line.source(), lanes };
}

interface Bias {
  readonly kind: keyof typeof biasKinds;
  readonly carrier: "float32" | "float64";
}

/** Parts of the rows and of the columns, each for a thread. */
function partsOf(m: number, n: number, k: number, batches: number, threads: number): [number, number] {
  const parts = Math.min(threads, Math.max(1, Math.floor((m * n * k) / productsPerPart)));
  if (parts === 1 || batches >= threads) return [1, 1];
  return m >= n ? [parts, 1] : [1, parts];
}

/** The loop as words; undefined where only the reference computes it. */
export function contractWords(
  context: Context,
  loop: ContractLoop,
  tables: Tables,
  target: Target,
  threads: number,
): Word[] | undefined {
  const { precision } = context;
  const plan = planContract(loop, (value) => context.format(value), precision, true);
  if (plan === undefined) return undefined;
  const { batch, k, output, bias: biasAccess } = loop;
  for (const { value } of [loop.a, loop.b, output]) {
    const size = sizeOf(context.kernel.values[value].shape);
    if (size < 2 ** 31) continue;
    throw new UsageError(`backend native: a contraction with a value of ${size} elements; it has tables for 2^31`);
  }
  const formats = [loop.a, loop.b].map(({ value }) => plan.operands ?? (context.format(value) as Format));
  const steps = stepsOf(plan, formats);
  const { lanes } = steps;
  const shape = tileShape(target.registers, isPlain(steps));
  const count = laneCount(lanes, target.width);
  const sides = sidesOf(loop, plan);
  const areOwn = [loop.a, loop.b].every(({ value }) => context.bytes(value) === lanes.bytes);
  const areNear = isPlain(steps) && plan.operands === undefined && areOwn;
  const areSwapped = isSwapped(sides, k, shape, count, areNear);
  const [rows, columns] = areSwapped ? [sides.columns, sides.rows] : [sides.rows, sides.columns];
  const [m, n] = [sizeOf(rows.shape), sizeOf(columns.shape)];
  const along = plan.bias === "none" ? "none" : (plan.biasWalk?.along ?? "none");
  const kind = along === "none" ? along : (along === "rows") !== areSwapped ? "rows" : "columns";
  const carrier = biasAccess === undefined ? "float32" : (context.carrier(biasAccess.value) as "float32" | "float64");
  const finish = finishLine(plan, lanes, { kind, carrier }, precision.flush);
  const { run } = walkOf(columns.shape, columns.output);
  const block = Math.min(precision.block, Math.max(1, plan.k));
  const isPartial = block > plan.chunk && block < plan.k;
  const isDirect =
    plan.output.carrier === lanes.carrier &&
    plan.k > 0 &&
    !isPartial &&
    m * n > 0 &&
    rows.outputStride !== undefined &&
    (rows.outputStride * lanes.bytes) % cacheWay !== 0 &&
    (run >= n || (run % count === 0 && (finish === undefined || run >= longRun)));
  const side = ({ access, shape: own, lines, terms }: Side): Word[] => {
    const rounding = plan.operands === undefined ? undefined : operandLine(lanes, plan.operands);
    return [
      context.region(access).address,
      context.bytes(access.value),
      walkOf(own, lines).run,
      walkOf(k, terms).run,
      rounding,
      count,
      tables.add(own, lines),
      tables.add(k, terms),
      tables.add(batch, access.strides),
    ];
  };
  const inPlace = areNear ? inPlaceOf({ rows, columns }, k, count) : "none";
  const biasStrides = kind === "rows" ? rows : columns;
  return [
    kinds.contract,
    tileSource(steps, shape),
    m,
    n,
    plan.k,
    block,
    plan.chunk,
    sizeOf(batch),
    isDirect ? 1 : 0,
    isDirect ? (rows.outputStride as number) : 0,
    inPlaceKinds[inPlace],
    ...side(rows),
    ...side(columns),
    context.region(output).address,
    context.bytes(output.value),
    run,
    tables.add(rows.shape, rows.output),
    tables.add(columns.shape, columns.output),
    tables.add(batch, output.strides),
    finish?.source,
    finish === undefined ? 1 : laneCount(finish.lanes, target.width),
    biasKinds[kind],
    biasAccess === undefined ? 0 : context.region(biasAccess).address,
    carrier === "float64" ? 8 : 4,
    tables.add(biasStrides.shape, biasStrides.bias),
    tables.add(batch, biasAccess?.strides ?? batch.map(() => 0)),
    ...partsOf(m, n, plan.k, sizeOf(batch), threads),
  ];
}

/** Packed operands rounded in place. */
function operandLine(lanes: Lanes, format: Format): Source {
  const line = new Line(lanes);
  line.output(lanes.carrier, line.round(line.input(lanes.carrier), format));
  return line.source();
}
