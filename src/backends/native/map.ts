/** Map loops: the expressions as a line, the nest as words for `runtime/map.c`. */
import { stridesOf } from "../../base/shape.ts";
import type { Expr } from "../../ir/expression.ts";
import { expandFunctions } from "../../ir/functions/index.ts";
import type { MapLoop, ReduceLoop } from "../../ir/loops.ts";
import { evaluationOf, scalarFormat } from "../evaluation.ts";
import { bytesPerElement } from "../layout.ts";
import { fitsFloat32, isExactIn, type Operands } from "../wasm/arithmetic.ts";
import { coalesce } from "../wasm/nest.ts";
import { bind, type Context, kinds, type Operand, readsOf, streamWords, type Word } from "./context.ts";
import type { Bindings } from "./expression.ts";
import { float32Lanes, float64Lanes, type Lanes } from "./lanes.ts";
import { Line } from "./line.ts";

/** Vectors of a line that repay a call of its own; shorter lines are packed. */
const leastVectors = 1;
const mostAxes = 24;
const mostStreams = 24;

/** Options and choices of a loop, and the extents behind its indices. */
export function operandsOf(context: Context, loop: MapLoop | ReduceLoop): Operands {
  const extents = loop.loop === "map" ? loop.shape : [...loop.outer, ...loop.reduced];
  const scalar = scalarFormat(loop, context.kernel.values, context.precision);
  return { inputs: loop.inputs.map((access) => access.value), scalar, extents };
}

/** Prints the value of an expression, rounded to the format of a value or to be rounded by the caller. */
export function printValue(
  line: Line,
  context: Context,
  expr: Expr,
  target: Parameters<typeof evaluationOf>[1],
  bindings: Bindings,
): string {
  const value = line.number(expandFunctions(expr), bindings);
  const { float32First } = evaluationOf(expr, target, context.precision.rounding);
  if (!float32First || line.lanes === float32Lanes) return value;
  return line.define(line.lanes.vector, `widen32(narrow64(${value}))`);
}

/** Appends an output of a line: an expression rounded to the format of a value. */
export function printOutput(
  line: Line,
  context: Context,
  expr: Expr,
  value: number,
  operands: Operands,
  bindings: Bindings,
): void {
  const target = context.format(value);
  if (target === undefined) {
    line.outputInteger(expandFunctions(expr), bindings);
    return;
  }
  const found = printValue(line, context, expr, target, bindings);
  const exact = isExactIn(expr, target, context, operands);
  line.output(context.carrier(value), exact ? found : line.round(found, target, context.precision.flush, true));
}

/** Lanes of the runtime's vectors of `lanes`. */
export const laneCount = (lanes: Lanes, width: number): number => width / 8 / lanes.bytes;

/** The loop as words; undefined where only the reference computes it. @param width Bits of a vector. */
export function mapWords(context: Context, loop: MapLoop, width: number): Word[] | undefined {
  const { rounding } = context.precision;
  const { outputs, shape } = loop;
  const isNearest = ({ value, expr }: MapLoop["outputs"][number]): boolean =>
    evaluationOf(expr, context.format(value), rounding).arithmetic === "nearest";
  if (rounding !== "nearest" || !outputs.every(isNearest)) return undefined;
  const operands = operandsOf(context, loop);
  const inFloat32 = outputs.every(({ value, expr }) => fitsFloat32(expr, context.format(value), context, operands));
  const lanes = inFloat32 ? float32Lanes : float64Lanes;
  const reads = readsOf(outputs.map(({ expr }) => expr));
  const rowMajor = stridesOf(shape);
  const all = [
    ...reads.inputs.map((i) => context.region(loop.inputs[i])),
    ...outputs.map(({ value }) => context.region({ value, strides: rowMajor, offset: 0 })),
  ];
  const joined = reads.axes.length > 0 ? { groups: [shape], streams: all } : coalesce([shape], all);
  const extents = joined.groups[0].length === 0 ? [1] : joined.groups[0];
  const rank = extents.length;
  const regions = joined.streams.map((region) => ({
    ...region,
    strides: region.strides.length === 0 ? [0] : region.strides,
  }));
  const count = reads.inputs.length;
  const last = (region: (typeof regions)[number]): number => region.strides[rank - 1];
  const contiguous = (region: (typeof regions)[number]): boolean =>
    rank === 1 && extents[0] === 1 ? true : last(region) === bytesPerElement(region.carrier);
  const isDirect =
    reads.axes.length === 0 &&
    regions.every((region, i) => contiguous(region) || (i < count && last(region) === 0)) &&
    extents[rank - 1] >= leastVectors * laneCount(lanes, width);
  const isScalar = ({ strides }: (typeof regions)[number]): boolean => strides.every((stride) => stride === 0);
  const moves = regions.map((region) => (isDirect ? !isScalar(region) && last(region) !== 0 : !isScalar(region)));
  const scalars = context.scalars(reads, operands.scalar);
  const streamsOf = regions.length + reads.axes.length + scalars.length;
  if (rank > mostAxes || streamsOf > mostStreams) return undefined;
  const line = new Line(lanes);
  const carriers = regions.slice(0, count).map(({ carrier }, i) => ({ carrier, moves: moves[i] }));
  const bindings = bind(line, reads, carriers, operands, context.precision);
  for (const { value, expr } of outputs) printOutput(line, context, expr, value, operands, bindings);
  const operandList: [Operand, boolean][] = [
    ...regions.slice(0, count).map((region, i): [Operand, boolean] => [{ region }, moves[i]]),
    ...reads.axes.map((axis): [Operand, boolean] => [{ axis }, true]),
    ...scalars.map((region): [Operand, boolean] => [{ region }, false]),
    ...regions.slice(count).map((region): [Operand, boolean] => [{ region }, true]),
  ];
  return [
    kinds.map,
    line.source(),
    laneCount(lanes, width),
    isDirect ? 0 : 1,
    rank,
    operandList.length - outputs.length,
    outputs.length,
    ...extents,
    ...operandList.flatMap(([operand, moving]) => streamWords(operand, rank, moving)),
  ];
}
