/** Reductions: terms, steps and results as lines, the nest and the order as words for `runtime/reduce.c`. */
import { sizeOf } from "../../base/shape.ts";
import { isFloat64 } from "../../formats/define.ts";
import { float32 } from "../../formats/float32.ts";
import { float64 } from "../../formats/float64.ts";
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { add as addExpr, type Expr, input } from "../../ir/expression.ts";
import { expandFunctions } from "../../ir/functions/index.ts";
import type { ReduceLoop } from "../../ir/loops.ts";
import { evaluationOf } from "../evaluation.ts";
import { bytesPerElement, type CarrierName } from "../layout.ts";
import { fitsFloat32, isExactIn, type Operands } from "../wasm/arithmetic.ts";
import { coalesce } from "../wasm/nest.ts";
import { bind, type Context, kinds, type Operand, type Reads, readsOf, streamWords, type Word } from "./context.ts";
import type { Bindings } from "./expression.ts";
import { float32Lanes, float64Lanes, type Lanes, load, scalarType, store } from "./lanes.ts";
import { Line } from "./line.ts";
import { laneCount, operandsOf, printOutput, printValue } from "./map.ts";
import { type Source, source } from "./source.ts";

/** Layouts of `runtime/reduce.c`. */
const layouts = { columns: 0, results: 1, blocks: 2 } as const;
/** Where the order of terms cannot matter, a sum is cut into blocks of this many. */
const freeBlock = 1024;
const fewTerms = 32;
/** TERMS of `runtime/reduce.c`: longer blocks are read in parts. */
const mostInterleaved = 256;
const mostAxes = 24;
const mostStreams = 24;
const innocuousBits = 25;

/** How terms are combined: in the accumulate format, as integers, or as extremes of numbers. */
export interface Combination {
  readonly combine: "sum" | "max" | "min";
  /** Of sums of floats: rounds terms and sums. */
  readonly accumulate: Format | undefined;
  readonly carrier: CarrierName;
  /** Lanes that add or compare two accumulators with one rounding. */
  readonly lanes: Lanes;
}

/** Whether one addition in float64 lanes and one rounding give the sums of this precision. */
export function addsNatively({ accumulate, rounding }: Precision): boolean {
  return rounding === "nearest" && (isFloat64(accumulate) || accumulate.fractionBits + 1 <= innocuousBits);
}

/** Sums of floats. */
export function floatSums(context: Context, operands: Operands): Combination {
  const { accumulate } = context.precision;
  const sum = addExpr(input(0), input(1));
  const narrow = fitsFloat32(sum, accumulate, context, { ...operands, inputs: [accumulate, accumulate] });
  const lanes = narrow ? float32Lanes : float64Lanes;
  return { combine: "sum", accumulate, carrier: accumulate.carrier, lanes };
}

/** Prints a combined with b. */
export function printCombined(line: Line, { combine, accumulate }: Combination, a: string, b: string): string {
  const { vector, suffix } = line.lanes;
  if (combine !== "sum") return line.define(vector, `${combine}${suffix}(${a}, ${b})`);
  const sum = line.define(vector, `${a} + ${b}`);
  return accumulate === undefined ? sum : line.round(sum, accumulate);
}

/** total, acc -> total along a line. */
export function addLine(combination: Combination): Source {
  if (combination.carrier === "int32") {
    const body = "const int *a = (const int *)p[0], *b = (const int *)p[1];\nint *to = (int *)p[2];";
    const loop = "for (i64 i = 0; i < n; i++) to[i] = a[i] + b[i];";
    return source(`void @(char *const *p, i64 n) {\n${body}\n${loop}\n}\n`);
  }
  const line = new Line(combination.lanes);
  const [a, b] = [line.input(combination.carrier), line.input(combination.carrier)];
  line.output(combination.carrier, printCombined(line, combination, a, b));
  return line.source();
}

/** Takes n rows of terms in order; a row has a term for each accumulator that fills a vector of its carrier. */
function chainLine(combination: Combination): Source {
  const { carrier, lanes } = combination;
  if (carrier === "int32") {
    const body = "i32v acc = *(i32v_at *)p[0];\nfor (i64 k = 0; k < n; k++) acc += ((const i32v_at *)p[1])[k];";
    return source(`void @(char *const *p, i64 n) {\n${body}\n*(i32v_at *)p[0] = acc;\n}\n`);
  }
  const [type, row] = [scalarType(carrier), carrier === "float32" ? "LANES32" : "LANES64"];
  const line = new Line(lanes);
  const next = printCombined(line, combination, "acc", "term");
  // float64 arithmetic on float32 accumulators takes two halves of a row.
  const open = [
    `${type} *const to = (${type} *)p[0];`,
    `const ${type} *const terms = (const ${type} *)p[1];`,
    `for (i64 j = 0; j < ${row}; j += ${lanes.count}) {`,
    `${lanes.vector} acc = ${load(lanes, carrier, "to + j")};`,
    "for (i64 k = 0; k < n; k++) {",
    `const ${lanes.vector} term = ${load(lanes, carrier, `terms + k * ${row} + j`)};`,
  ];
  return line.source(open, [`acc = ${next};`, "}", store(lanes, carrier, "to + j", "acc"), "}"]);
}

/** A term of a reduction, ready to be combined. @param stored It is stored before, in the carrier of accumulators. */
function printTerm(
  line: Line,
  context: Context,
  loop: ReduceLoop,
  own: Combination,
  b: Bindings,
  o: Operands,
  stored = false,
): string {
  const { element } = loop;
  const { accumulate } = own;
  const value = printValue(line, context, element, accumulate, b);
  if (accumulate === undefined || isExactIn(element, accumulate, context, o)) return value;
  return line.round(value, accumulate, false, stored);
}

/** The format of the combined value, the input of `finish`. */
function combinedOperand(loop: ReduceLoop, own: Combination): number | Format {
  if (own.accumulate !== undefined) return own.accumulate;
  if (loop.element.kind === "input" && loop.combine !== "sum") return loop.inputs[loop.element.input].value;
  return own.carrier === "float32" ? float32 : float64;
}

interface Chosen {
  readonly own: Combination;
  /** Lanes in which terms are computed. */
  readonly lanes: Lanes;
}

function choose(context: Context, loop: ReduceLoop, operands: Operands): Chosen {
  const { accumulate } = context.precision;
  const isFloat = context.format(loop.output) !== undefined;
  const target = isFloat && loop.combine === "sum" ? accumulate : undefined;
  const lanes = fitsFloat32(loop.element, target, context, operands) ? float32Lanes : float64Lanes;
  if (target !== undefined) return { own: floatSums(context, operands), lanes };
  const { combine } = loop;
  if (combine === "sum")
    return { own: { combine, accumulate: undefined, carrier: "int32", lanes: float32Lanes }, lanes };
  return { own: { combine, accumulate: undefined, carrier: lanes.carrier, lanes }, lanes };
}

function termLine(
  context: Context,
  loop: ReduceLoop,
  { own, lanes }: Chosen,
  reads: Reads,
  inputs: Inputs,
  o: Operands,
): Source {
  const line = new Line(lanes);
  const bindings = bind(line, reads, inputs, o, context.precision);
  if (own.carrier === "int32") line.outputInteger(expandFunctions(loop.element), bindings);
  else line.output(own.carrier, printTerm(line, context, loop, own, bindings, o, own.carrier === "float32"));
  return line.source();
}

type Inputs = readonly { readonly carrier: CarrierName; readonly moves: boolean }[];

/** Lanes that hold terms and accumulators alike; float64 ones hold int32 sums exactly. */
function lanesOfStep({ own, lanes }: Chosen): Lanes {
  return own.lanes === float64Lanes || own.carrier === "int32" ? float64Lanes : lanes;
}

/** Operands and accumulators -> accumulators, for results side by side. */
function stepLine(
  context: Context,
  loop: ReduceLoop,
  { own, lanes }: Chosen,
  reads: Reads,
  inputs: Inputs,
  o: Operands,
): Source {
  const line = new Line(lanesOfStep({ own, lanes }));
  const bindings = bind(line, reads, inputs, o, context.precision);
  const acc = line.input(own.carrier);
  if (own.carrier === "int32") {
    const term = line.number(expandFunctions(loop.element), bindings);
    line.output("int32", line.define(line.lanes.vector, `${acc} + ${term}`));
    return line.source();
  }
  const term = printTerm(line, context, loop, own, bindings, o);
  line.output(own.carrier, printCombined(line, own, acc, term));
  return line.source();
}

function finishLine(
  context: Context,
  loop: ReduceLoop,
  own: Combination,
  reads: Reads,
  o: Operands,
): { source: Source; lanes: Lanes } {
  const finish = loop.finish ?? input(0);
  const target = context.format(loop.output);
  const operands = { ...o, inputs: [combinedOperand(loop, own)] };
  const single = own.carrier === "float32" && fitsFloat32(finish, target, context, operands);
  const line = new Line(single ? float32Lanes : float64Lanes);
  // The runtime passes the combined value, read or not.
  const all = { ...reads, inputs: [0] };
  const bindings = bind(line, all, [{ carrier: own.carrier, moves: true }], operands, context.precision);
  printOutput(line, context, finish, loop.output, operands, bindings);
  return { source: line.source(), lanes: line.lanes };
}

/** The loop as words; undefined where only the reference computes it. @param width Bits of a vector. */
export function reduceWords(context: Context, loop: ReduceLoop, width: number): Word[] | undefined {
  const { rounding, block } = context.precision;
  const operands = operandsOf(context, loop);
  const chosen = choose(context, loop, operands);
  const { own, lanes } = chosen;
  const finish = loop.finish ?? input(0);
  const nearest = (expr: Expr, format: Format | undefined): boolean =>
    evaluationOf(expr, format, rounding).arithmetic === "nearest";
  if (rounding !== "nearest" || !nearest(finish, context.format(loop.output))) return undefined;
  if (!nearest(loop.element, own.accumulate) || (own.accumulate !== undefined && !addsNatively(context.precision)))
    return undefined;
  const [reads, finishReads] = [readsOf([loop.element]), readsOf([finish])];
  if (finishReads.axes.length > 0) return undefined;
  const [scalars, finishScalars] = [reads, finishReads].map((own) => context.scalars(own, operands.scalar));
  const all = reads.inputs.map((i) => context.region(loop.inputs[i]));
  const groups = [loop.outer, loop.reduced];
  const joined = reads.axes.length > 0 ? { groups, streams: all } : coalesce(groups, all);
  const [outer, reduced] = joined.groups;
  const extents = [...outer, ...(reduced.length === 0 ? [1] : reduced)];
  const regions = joined.streams.map((region) => ({
    ...region,
    strides: [...region.strides, ...(reduced.length === 0 ? [0] : [])],
  }));
  const rank = extents.length;
  const count = sizeOf(loop.reduced);
  const strideAt =
    (axis: number) =>
    (region: (typeof regions)[number]): number =>
      region.strides[axis] / bytesPerElement(region.carrier);
  const walks = (axis: number): boolean => {
    const strides = regions.map(strideAt(axis));
    return reads.axes.length === 0 && strides.every((stride) => stride === 0 || stride === 1);
  };
  const lanesOfOwn = own.carrier === "float64" ? width / 64 : width / 32;
  const column = outer.length - 1;
  const isWalked =
    column >= 0 &&
    extents[column] >= lanesOfOwn &&
    walks(column) &&
    regions.some((region) => strideAt(column)(region) === 1);
  const ordered = own.accumulate !== undefined;
  const length = Math.max(1, Math.min(ordered ? block : freeBlock, Math.max(1, count)));
  const results = sizeOf(loop.outer);
  // Few terms of many results: a vector of results at a time, whatever their strides.
  const isCollected = !isWalked && column >= 0 && count <= fewTerms && results >= lanesOfOwn;
  const isColumns = isWalked || isCollected;
  const last = isWalked ? column : rank - 1;
  const isDirect = isWalked || (!isCollected && walks(last) && extents[last] >= 2 * lanesOfOwn);
  // Whole blocks of many results that follow one another in memory are read in that order.
  const row = isDirect && ordered && length <= mostInterleaved ? extents[rank - 1] : 0;
  const isInterleaved = row > 0 && row % length === 0 && outer.length > 0;
  const hasBlocks = count > length && (results < lanesOfOwn || isInterleaved);
  const layout = isColumns ? "columns" : hasBlocks ? "blocks" : "results";
  const wide = isInterleaved ? lanesOfOwn : 1;
  const span = isInterleaved ? Math.min(lanesOfOwn, row / length) : lanesOfOwn;
  const isConstant = (region: (typeof regions)[number]): boolean => region.strides.every((stride) => stride === 0);
  const moves = regions.map((region) => !isConstant(region) && (!isDirect || strideAt(last)(region) !== 0));
  if (rank > mostAxes || regions.length + reads.axes.length + scalars.length + 4 > mostStreams) return undefined;
  const inputs = regions.map(({ carrier }, i) => ({ carrier, moves: moves[i] }));
  const plain =
    loop.element.kind === "input" &&
    reads.inputs.length === 1 &&
    moves[0] &&
    regions[0].carrier === own.carrier &&
    (own.accumulate === undefined || isExactIn(loop.element, own.accumulate, context, operands));
  const list: [Operand, boolean][] = [
    ...regions.map((region, i): [Operand, boolean] => [{ region }, moves[i]]),
    ...reads.axes.map((axis): [Operand, boolean] => [{ axis }, true]),
    ...scalars.map((region): [Operand, boolean] => [{ region }, false]),
  ];
  const finishing = finishLine(context, loop, own, finishReads, operands);
  const step = isColumns ? stepLine(context, loop, chosen, reads, inputs, operands) : undefined;
  return [
    kinds.reduce,
    layouts[layout],
    isDirect ? 0 : 1,
    isColumns || plain ? undefined : termLine(context, loop, chosen, reads, inputs, operands),
    laneCount(lanes, width),
    step,
    laneCount(lanesOfStep(chosen), width),
    isColumns ? addLine(own) : undefined,
    isColumns ? undefined : chainLine(own),
    finishing.source,
    laneCount(finishing.lanes, width),
    own.carrier === "float64" ? 8 : 4,
    lanesOfOwn,
    identityWord(own),
    length,
    outer.length,
    rank,
    list.length,
    finishScalars.length,
    context.address(loop.output),
    context.bytes(loop.output),
    wide,
    span,
    ...extents,
    ...finishScalars.map(({ address }) => address),
    ...list.flatMap(([operand, moving]) => streamWords(operand, rank, moving)),
  ];
}

/** The accumulator before the first term, as the low bytes of a word. */
function identityWord({ combine, carrier }: Combination): bigint {
  if (combine === "sum") return 0n;
  const bits = new DataView(new ArrayBuffer(8));
  const infinity = combine === "max" ? -Infinity : Infinity;
  if (carrier === "float32") bits.setFloat32(0, infinity, true);
  else bits.setFloat64(0, infinity, true);
  return bits.getBigInt64(0, true);
}
