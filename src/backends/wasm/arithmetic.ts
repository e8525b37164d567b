/** In which lanes an expression may be evaluated with the bits of numerics.md, and whether its result is rounded. */
import { isFloat64 } from "../../formats/define.ts";
import type { Format } from "../../formats/format.ts";
import { round } from "../../formats/round.ts";
import { type Expr, visit } from "../../ir/expression.ts";
import { classify, isArithmetic } from "../../ir/expression-class.ts";
import type { Context } from "./context.ts";

/** What is asked about the kernel that an expression belongs to. */
export type Kernelwide = Pick<Context, "format" | "kernel" | "precision">;

/** What an expression reads. */
export interface Operands {
  /** Values behind the inputs; a format stands for a number already in registers. */
  readonly inputs: readonly (number | Format)[];
  /** Format of options and choices. */
  readonly scalar: Format | undefined;
  /** Extents behind `index`. */
  readonly extents: readonly number[];
}

/** Operations in float32 and a second rounding to so few bits give the correctly rounded result: 24 >= 2 * 11 + 2. */
const narrowBits = 11;
const narrowExponentBits = 7;
const float32Integers = 2 ** 24;

export function isFloat32(format: Format): boolean {
  return format.exponentBits === 8 && format.fractionBits === 23 && format.infinities && !format.saturate;
}

function isShort(format: Format): boolean {
  return format.fractionBits + 1 <= narrowBits && format.carrier === "float32";
}

/** Short, and products and quotients stay away from the subnormals of float32. */
function isNarrow(format: Format): boolean {
  return isShort(format) && format.exponentBits <= narrowExponentBits;
}

/** Whether sums and differences are all that rounds: they are exact among the subnormals. */
function onlyAdds(expr: Expr): boolean {
  let found = true;
  visit(expr, (e) => {
    if (isArithmetic(e)) found &&= e.kind === "binary" && (e.name === "add" || e.name === "sub");
  });
  return found;
}

/** Whether every number of `inner` is a number of `outer`. */
function includes(outer: Format, inner: Format): boolean {
  if (outer.name === inner.name || isFloat64(outer)) return true;
  if (isFloat32(outer)) return inner.carrier === "float32";
  return false;
}

function operandFormat(context: Kernelwide, operand: number | Format): Format | "bool" | "int32" {
  if (typeof operand !== "number") return operand;
  return context.format(operand) ?? (context.kernel.values[operand].type === "bool" ? "bool" : "int32");
}

/** Whether every leaf of the expression satisfies a test by its kind. */
function everyLeaf(
  expr: Expr,
  context: Kernelwide,
  operands: Operands,
  format: (format: Format) => boolean,
  number: (value: number) => boolean,
  integers: (extent: number) => boolean,
): boolean {
  const { scalar } = operands;
  let all = true;
  visit(expr, (e) => {
    if (e.kind === "input") {
      const found = operandFormat(context, operands.inputs[e.input]);
      if (found === "int32") all &&= integers(Infinity);
      else if (found !== "bool") all &&= format(found);
    } else if (e.kind === "constant") all &&= number(e.value);
    else if (e.kind === "option") all &&= scalar === undefined ? number(e.value) : format(scalar);
    else if (e.kind === "choice") all &&= scalar !== undefined && format(scalar);
    else if (e.kind === "index") all &&= integers(operands.extents[e.axis]);
    else if (e.kind === "unary" && (e.name === "binade" || e.name === "pow2")) all = false;
  });
  return all;
}

/** Whether float32 lanes give the value of `expr`, to be rounded to `target` (undefined: int32 or bool). */
export function fitsFloat32(expr: Expr, target: Format | undefined, context: Kernelwide, operands: Operands): boolean {
  const form = classify(expr);
  if (form === "composite") return false;
  const inFloat32 = (extent: number): boolean => extent <= float32Integers;
  const float32Number = (value: number): boolean => Object.is(Math.fround(value), value);
  const float32Leaves = everyLeaf(expr, context, operands, (f) => f.carrier === "float32", float32Number, inFloat32);
  if (target === undefined) return form === "exact" && float32Leaves;
  if (context.precision.rounding !== "nearest" || target.carrier !== "float32") return false;
  if (isFloat32(target)) return float32Leaves;
  if (form === "exact") return float32Leaves;
  const narrowNumber = (value: number): boolean => Object.is(round(target, value), value);
  const fits = onlyAdds(expr) ? isShort : isNarrow;
  return fits(target) && everyLeaf(expr, context, operands, fits, narrowNumber, () => false);
}

const toInteger: ReadonlySet<string> = new Set(["floor", "ceil", "trunc", "nearest"]);

function rounds(expr: Expr): boolean {
  let found = false;
  visit(expr, (e) => {
    found ||= e.kind === "unary" && toInteger.has(e.name);
  });
  return found;
}

/** Whether the value of `expr` is a number of `target` already, so that rounding would change nothing. */
export function isExactIn(expr: Expr, target: Format, context: Kernelwide, operands: Operands): boolean {
  if (context.precision.flush || classify(expr) !== "exact" || rounds(expr)) return false;
  const bits = 2 ** (target.fractionBits + 1);
  const number = (value: number): boolean => Object.is(round(target, value), value);
  const integer = (extent: number): boolean => extent <= bits && target.largest >= extent;
  return everyLeaf(expr, context, operands, (format) => includes(target, format), number, integer);
}
