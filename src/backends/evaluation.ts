/** How an expression is evaluated before its one rounding: the same decision in every backend. */
import type { Format, Rounding } from "../formats/format.ts";
import type { Precision } from "../formats/precision.ts";
import type { Expr } from "../ir/expression.ts";
import { classify, hasFunctions } from "../ir/expression-class.ts";
import type { MapLoop, ReduceLoop, ValueType } from "../ir/loops.ts";
import { formatOfType, isFloat } from "./layout.ts";

export interface Evaluation {
  /**
   * Rounding of + - * / sqrt inside the expression: to nearest float64; to odd (so that the final rounding is correct in
   * every mode); or `final`: already to the format float64 in the wanted mode.
   */
  readonly arithmetic: "nearest" | "odd" | "final";
  /** Functions give a float32 first: narrow results are the float32 function rounded once more. */
  readonly float32First: boolean;
}

/** float64 holds the exact result of one operation well enough for nearest rounding up to this many significant bits. */
const innocuousBits = 25;

/** @param format The output's format; undefined for int32 and bool. */
export function evaluationOf(expr: Expr, format: Format | undefined, rounding: Rounding): Evaluation {
  if (format === undefined) return { arithmetic: "nearest", float32First: false };
  const float32First = format.carrier === "float32" && hasFunctions(expr);
  if (classify(expr) !== "single") return { arithmetic: "nearest", float32First };
  const isFloat64 = format.exponentBits === 11 && format.fractionBits === 52;
  if (isFloat64) return { arithmetic: rounding === "nearest" ? "nearest" : "final", float32First };
  const innocuous = rounding === "nearest" && format.fractionBits + 1 <= innocuousBits;
  return { arithmetic: innocuous ? "nearest" : "odd", float32First };
}

/**
 * The format to which options and choices of a loop are rounded: that of its first output if it is a float, else of its
 * first float input (a census or a comparison sees the bound as the op does).
 */
export function scalarFormat(
  loop: MapLoop | ReduceLoop,
  values: readonly ValueType[],
  precision: Precision,
): Format | undefined {
  const first = loop.loop === "map" ? loop.outputs[0].value : loop.output;
  const candidates = [first, ...loop.inputs.map((access) => access.value)];
  const value = candidates.find((candidate) => isFloat(values[candidate].type));
  return value === undefined ? undefined : formatOfType(values[value].type, precision);
}
