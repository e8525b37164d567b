/** Table look-up and its adjoint as words for `runtime/move.c`. */
import { UsageError } from "../../base/errors.ts";
import { input } from "../../ir/expression.ts";
import type { GatherLoop } from "../../ir/loops.ts";
import { fitsFloat32 } from "../wasm/arithmetic.ts";
import { type Context, kinds, type Word } from "./context.ts";
import { float32Lanes, float64Lanes, type Lanes } from "./lanes.ts";
import { bindOne, Line } from "./line.ts";
import { laneCount, printOutput } from "./map.ts";
import { addLine, addsNatively, floatSums, printCombined } from "./reduce.ts";

function lookUpWords(context: Context, loop: GatherLoop): Word[] {
  const { outer, rows, count, inner, table, indices, output } = loop;
  if (context.carrier(table) !== context.carrier(output)) {
    throw new UsageError("gather: the table and the output have different machine types");
  }
  const row = inner * context.bytes(table);
  return [
    kinds.gather,
    outer,
    rows,
    count,
    row,
    context.address(table),
    context.address(indices),
    context.address(output),
  ];
}

/** The loop as words; undefined where only the reference computes it. @param width Bits of a vector. */
export function gatherWords(context: Context, loop: GatherLoop, width: number): Word[] | undefined {
  if (loop.mode === "gather") return lookUpWords(context, loop);
  const { outer, rows, count, inner, table, indices, output } = loop;
  const target = context.format(output);
  if (target === undefined) throw new UsageError("scatter: adjoints of integers are not defined");
  if (!addsNatively(context.precision)) return undefined;
  const operands = { inputs: [table], scalar: undefined, extents: [] };
  const own = floatSums(context, operands);
  const { accumulate, block } = context.precision;
  const fits = fitsFloat32(input(0), accumulate, context, operands) && own.lanes === float32Lanes;
  const step = new Line(fits ? float32Lanes : float64Lanes);
  const [term, acc] = [step.input(context.carrier(table)), step.input(own.carrier)];
  step.output(own.carrier, printCombined(step, own, acc, step.round(term, accumulate)));
  const summed = { ...operands, inputs: [accumulate] };
  const finish = new Line(fitsFloat32(input(0), target, context, summed) ? float32Lanes : float64Lanes);
  const sum = finish.input(own.carrier);
  printOutput(finish, context, input(0), output, summed, bindOne(sum));
  const lanes = (own: Lanes): number => laneCount(own, width);
  return [
    kinds.scatter,
    outer,
    rows,
    count,
    inner,
    context.address(table),
    context.bytes(table),
    context.address(indices),
    context.address(output),
    context.bytes(output),
    Math.min(block, Math.max(1, count)),
    own.carrier === "float64" ? 8 : 4,
    step.source(),
    addLine(own),
    finish.source(),
    Math.max(lanes(step.lanes), lanes(own.lanes), lanes(finish.lanes)),
  ];
}
