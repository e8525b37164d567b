/** How one contraction will be computed: its arithmetic, its blocking, its scratch memory. */
import { type Shape, sizeOf } from "../../base/shape.ts";
import { isFloat32, isFloat64 } from "../../formats/define.ts";
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import type { ContractLoop } from "../../ir/loops.ts";
import { float32Lanes, float64Lanes, type Lanes } from "./lanes.ts";
import { hasFastSteps } from "./steps-narrow.ts";
import { rowPanelBytes, tileRows, tileVectors } from "./tile.ts";
import { type Walk, walkOf } from "./walk.ts";

/** The format of a value; undefined for int32 and bool. */
export type FormatOf = (value: number) => Format | undefined;

/** See `steps.ts`, `steps-narrow.ts` and `steps-exact.ts`; "fused" is the machine's multiply-add or its emulation. */
export type ContractArithmetic = "strict" | "narrow" | "fastNarrow" | "fused" | "fusedNarrow";

/** Byte offsets in the loop's scratch memory, and its size. */
export interface ContractScratch {
  readonly a: number;
  readonly b: number;
  readonly bias: number;
  /** Sums of the packed columns, where the output cannot hold them. */
  readonly total: number | undefined;
  /** Sums of an unfinished block, where a block is longer than a chunk and there are several. */
  readonly partial: number | undefined;
  readonly bytes: number;
}

/** How each operand and the output are walked: `lines` are rows of `a` and columns of `b`. */
export interface ContractWalks {
  readonly a: { readonly lines: Walk; readonly steps: Walk };
  readonly b: { readonly lines: Walk; readonly steps: Walk };
  readonly output: { readonly rows: Walk; readonly columns: Walk };
}

/** What the bias depends on. */
export interface BiasWalk {
  readonly along: "rows" | "columns";
  readonly stride: number;
}

export interface ContractPlan {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly walks: ContractWalks;
  readonly biasWalk: BiasWalk | undefined;
  /** Elements from one row of sums to the next. */
  readonly sumRow: number;
  readonly arithmetic: ContractArithmetic;
  readonly lanes: Lanes;
  readonly accumulate: Format;
  readonly output: Format;
  /** Rounds packed operands, where they are not of the format already. */
  readonly operands: Format | undefined;
  readonly bias: "none" | "once" | "rounded";
  /** The sum with the bias is rounded to odd first: one rounding in float64 would not be innocuous. */
  readonly oddBias: boolean;
  /** Rows of `a` and columns of `b` packed at a time. */
  readonly rows: number;
  readonly columns: number;
  /** Terms packed at a time: whole blocks, or part of a long one. */
  readonly chunk: number;
  readonly block: number;
  readonly scratch: ContractScratch;
}

/** Terms of a panel: 4 KiB to 16 KiB each of rows and columns, together within a first-level cache of 32 KiB. */
const panelSteps = 256;
/** A block up to this length is one chunk. */
const longestChunk = 512;

const significantBits = (format: Format): number => format.fractionBits + 1;

/** Whether products of values of two formats are values of `target`. */
function exactProducts(a: Format, b: Format, target: Format): boolean {
  return (
    significantBits(a) + significantBits(b) <= significantBits(target) &&
    a.smallestSubnormal * b.smallestSubnormal >= target.smallestSubnormal &&
    a.largest * b.largest <= target.largest
  );
}

/** Formats in which float32 arithmetic rounded once more is right (docs/numerics.md). */
function fitsFloat32Arithmetic(format: Format): boolean {
  return significantBits(format) <= 11 && format.exponentBits <= 7;
}

function chooseArithmetic(
  a: Format,
  b: Format,
  precision: Precision,
): { arithmetic: ContractArithmetic; lanes: Lanes } | undefined {
  const { accumulate, arithmetic: wanted } = precision;
  const fused = wanted === "fused" && !exactProducts(a, b, accumulate);
  if (isFloat64(accumulate)) return { arithmetic: fused ? "fused" : "strict", lanes: float64Lanes };
  if (accumulate.carrier !== "float32" || a.carrier !== "float32" || b.carrier !== "float32") return undefined;
  if (isFloat32(accumulate)) return { arithmetic: fused ? "fused" : "strict", lanes: float32Lanes };
  if (fused) return { arithmetic: "fusedNarrow", lanes: float64Lanes };
  const small = [a, b, accumulate].every(fitsFloat32Arithmetic);
  const exact = [a, b].every((format) => significantBits(format) <= 11);
  if (hasFastSteps(accumulate) && (small || (exact && accumulate.exponentBits === 8))) {
    return { arithmetic: "fastNarrow", lanes: float32Lanes };
  }
  return { arithmetic: "narrow", lanes: small ? float32Lanes : float64Lanes };
}

/** Whether adding a bias of this format needs no more care than one addition in the lanes and one rounding. */
function addsBias(bias: Format, sum: Format, lanes: Lanes): boolean {
  if (lanes === float32Lanes && bias.carrier !== "float32") return false;
  if ((isFloat64(sum) && lanes === float64Lanes) || (isFloat32(sum) && bias.carrier === "float32")) return true;
  const within =
    bias.fractionBits <= sum.fractionBits && bias.exponentBits <= sum.exponentBits && sum.carrier === "float32";
  return within && (lanes === float64Lanes || significantBits(sum) <= 11);
}

function walksOf({ batch, m, n, k, a, b, output }: ContractLoop): ContractWalks {
  const of = (shape: Shape, strides: readonly number[], from: number): Walk =>
    walkOf(shape, strides.slice(from, from + shape.length));
  const outer = batch.length;
  return {
    a: { lines: of(m, a.strides, outer), steps: of(k, a.strides, outer + m.length) },
    b: { steps: of(k, b.strides, outer), lines: of(n, b.strides, outer + k.length) },
    output: { rows: of(m, output.strides, outer), columns: of(n, output.strides, outer + m.length) },
  };
}

/** A bias that depends on one of rows and columns, by a stride. */
function biasWalkOf({ batch, m, n, bias }: ContractLoop): BiasWalk | undefined {
  if (bias === undefined) return undefined;
  const strides = bias.strides.slice(batch.length);
  const isFree = (shape: Shape, own: readonly number[]): boolean => shape.every((e, i) => e === 1 || own[i] === 0);
  const [rows, columns] = [strides.slice(0, m.length), strides.slice(m.length)];
  const along = isFree(m, rows) ? "columns" : isFree(n, columns) ? "rows" : undefined;
  const { stride } = along === "columns" ? walkOf(n, columns) : walkOf(m, rows);
  return along === undefined || stride === undefined ? undefined : { along, stride };
}

/**
 * The plan of a contraction, or undefined where the reference has to compute it: rounding modes other than to nearest,
 * accumulation in wide custom formats or in formats narrower than operands of float64.
 * @param fusedMultiplyAdd Whether the machine's multiply-add rounds once.
 */
export function planContract(
  loop: ContractLoop,
  formatOf: FormatOf,
  precision: Precision,
  fusedMultiplyAdd: boolean,
): ContractPlan | undefined {
  const { accumulate, block } = precision;
  const [ownA, ownB, output] = [loop.a.value, loop.b.value, loop.output.value].map(formatOf);
  if (precision.rounding !== "nearest" || !ownA || !ownB || !output) return undefined;
  const operands = precision.operands === precision.store ? undefined : precision.operands;
  if (operands && [ownA, ownB].some((own) => own.carrier === "float64") && !isFloat64(accumulate)) return undefined;
  let chosen = chooseArithmetic(operands ?? ownA, operands ?? ownB, precision);
  if (chosen === undefined) return undefined;
  if (chosen.arithmetic === "fused" && chosen.lanes === float32Lanes && !fusedMultiplyAdd) {
    chosen = { arithmetic: "fusedNarrow", lanes: float64Lanes };
  }
  const biasFormat = loop.bias && formatOf(loop.bias.value);
  const biasWalk = biasWalkOf(loop);
  const bias = loop.bias === undefined ? "none" : precision.bias;
  let oddBias = false;
  if (bias !== "none") {
    if (biasFormat === undefined || biasWalk === undefined) return undefined;
    oddBias = !addsBias(biasFormat, bias === "once" ? accumulate : output, chosen.lanes);
    const narrow = chosen.arithmetic === "narrow" || chosen.arithmetic === "fastNarrow";
    if (oddBias && narrow) chosen = { arithmetic: "narrow", lanes: float64Lanes };
    if (oddBias && chosen.lanes !== float64Lanes) return undefined;
  }
  const { arithmetic, lanes } = chosen;
  if (lanes === float32Lanes && output.carrier !== "float32" && !isFloat64(output)) return undefined;
  const chunk = block <= longestChunk ? block * Math.max(1, Math.floor(panelSteps / block)) : panelSteps;
  const single = lanes === float32Lanes;
  const [m, n, k] = [loop.m, loop.n, loop.k].map(sizeOf);
  const walks = walksOf(loop);
  const columns = single ? 1024 : 512;
  const { rows, columns: across } = walks.output;
  const carrier = single ? "float32" : "float64";
  const isPartial = block > longestChunk && block < k;
  const inOutput =
    output.carrier === carrier && k > 0 && !isPartial && across.stride === 1 && rows.stride !== undefined;
  const plan = {
    m,
    n,
    k,
    walks,
    biasWalk,
    sumRow: inOutput ? (rows.stride as number) : Math.min(columns, n),
    arithmetic,
    lanes,
    accumulate,
    output,
    operands,
    bias,
    oddBias,
    rows: single ? 128 : 64,
    columns,
    chunk: Math.max(1, Math.min(chunk, k)),
    block,
  } as const;
  return { ...plan, scratch: layScratch(plan, inOutput, isPartial) };
}

function layScratch(plan: Omit<ContractPlan, "scratch">, inOutput: boolean, isPartial: boolean): ContractScratch {
  const { m, n, lanes, chunk, biasWalk, sumRow } = plan;
  const bytes = 2 ** lanes.logBytes;
  let used = 0;
  const take = (size: number): number => {
    const at = used;
    used += Math.ceil(size / 64) * 64;
    return at;
  };
  const upTo = (count: number, most: number, step: number): number => Math.min(most, Math.ceil(count / step) * step);
  const biases = biasWalk?.along === "columns" ? n + lanes.count : m;
  return {
    a: take(upTo(m, plan.rows, tileRows) * chunk * rowPanelBytes(lanes, 1) + 16),
    b: take(upTo(n, plan.columns, tileVectors * lanes.count) * chunk * bytes + 16),
    bias: take(plan.bias === "none" ? 0 : biases * bytes),
    total: inOutput ? undefined : take(m * sumRow * bytes),
    partial: isPartial ? take(m * sumRow * bytes) : undefined,
    bytes: used,
  };
}

/** Whether a side is packed through tables. */
export function isTabled({ lines, steps }: { readonly lines: Walk; readonly steps: Walk }): boolean {
  return lines.stride === undefined || steps.stride === undefined;
}

/** Calls `use` for every walk that needs a table, with the bytes of the elements it walks over. */
export function eachTable(plan: ContractPlan, loop: ContractLoop, formatOf: FormatOf, use: TableUse): void {
  const bytes = (value: number): number => (formatOf(value)?.carrier === "float64" ? 8 : 4);
  for (const side of ["a", "b"] as const) {
    const walks = plan.walks[side];
    if (!isTabled(walks)) continue;
    use(walks.lines, bytes(loop[side].value));
    use(walks.steps, bytes(loop[side].value));
  }
  const { rows, columns } = plan.walks.output;
  if (rows.stride === undefined) use(rows, bytes(loop.output.value));
  if (columns.stride !== 1) use(columns, bytes(loop.output.value));
}

export type TableUse = (walk: Walk, bytes: number) => void;
