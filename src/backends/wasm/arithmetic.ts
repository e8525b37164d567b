/** In which lanes an expression may be evaluated with the bits of numerics.md, and whether its result is rounded. */
import { isFloat64 } from "../../formats/define.ts";
import type { Format } from "../../formats/format.ts";
import { round } from "../../formats/round.ts";
import { type Expr, operandsOf, visit } from "../../ir/expression.ts";
import { classify, isArithmetic, isPlace, placeBound } from "../../ir/expression-class.ts";
import type { Context } from "./context.ts";

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
    if (isArithmetic(e) && !isPlace(e)) found &&= e.kind === "binary" && (e.name === "add" || e.name === "sub");
  });
  return found;
}

/** Whether every number of `inner` is a number of `outer`. */
function includes(outer: Format, inner: Format): boolean {
  if (outer.name === inner.name || isFloat64(outer)) return true;
  if (isFloat32(outer)) return inner.carrier === "float32";
  return false;
}

function operandFormat(context: Context, operand: number | Format): Format | "bool" | "int32" {
  if (typeof operand !== "number") return operand;
  return context.format(operand) ?? (context.kernel.values[operand].type === "bool" ? "bool" : "int32");
}

/** What a leaf must satisfy, by its kind; a sum of indices is one leaf, with the bound of its magnitude. */
interface LeafTest {
  format(format: Format): boolean;
  number(value: number): boolean;
  integers(bound: number): boolean;
}

/** Whether every leaf behind the value of the expression satisfies `value`, and every leaf behind a test `test`. */
function everyLeaf(root: Expr, context: Context, operands: Operands, value: LeafTest, test: LeafTest): boolean {
  const { scalar } = operands;
  const leaf = (e: Expr, wanted: LeafTest): boolean => {
    if (isPlace(e))
      return e.kind === "constant" ? wanted.number(e.value) : wanted.integers(placeBound(e, operands.extents));
    switch (e.kind) {
      case "input": {
        const found = operandFormat(context, operands.inputs[e.input]);
        if (found === "int32") return wanted.integers(Infinity);
        return found === "bool" || wanted.format(found);
      }
      case "constant":
        return wanted.number(e.value);
      case "option":
        return scalar === undefined ? wanted.number(e.value) : wanted.format(scalar);
      case "choice":
        return scalar !== undefined && wanted.format(scalar);
      case "draw":
        return false;
      default:
        return !(e.kind === "unary" && (e.name === "binade" || e.name === "pow2"));
    }
  };
  const seen = new Map([
    [value, new Set<Expr>()],
    [test, new Set<Expr>()],
  ]);
  const walk = (e: Expr, wanted: LeafTest): boolean => {
    const known = seen.get(wanted) as Set<Expr>;
    if (known.has(e)) return true;
    known.add(e);
    if (!leaf(e, wanted)) return false;
    if (isPlace(e)) return true;
    if (e.kind === "select") return walk(e.test, test) && walk(e.a, wanted) && walk(e.b, wanted);
    return operandsOf(e).every((operand) => walk(operand, e.kind === "compare" ? test : wanted));
  };
  return walk(root, value);
}

const always: LeafTest = { format: () => true, number: () => true, integers: () => true };
const float32Leaf: LeafTest = {
  format: (format) => format.carrier === "float32",
  number: (value) => Object.is(Math.fround(value), value),
  integers: (bound) => bound <= float32Integers,
};

/** Whether float32 lanes give the value of `expr`, to be rounded to `target` (undefined: int32 or bool). */
export function fitsFloat32(expr: Expr, target: Format | undefined, context: Context, operands: Operands): boolean {
  const form = classify(expr);
  if (form === "composite") return false;
  const float32Leaves = (): boolean => everyLeaf(expr, context, operands, float32Leaf, float32Leaf);
  if (target === undefined) return form === "exact" && float32Leaves();
  if (context.precision.rounding !== "nearest" || target.carrier !== "float32") return false;
  if (isFloat32(target) || form === "exact") return float32Leaves();
  const fits = onlyAdds(expr) ? isShort : isNarrow;
  const narrowLeaf: LeafTest = {
    format: fits,
    number: (value) => Object.is(round(target, value), value),
    integers: () => false,
  };
  return fits(target) && everyLeaf(expr, context, operands, narrowLeaf, float32Leaf);
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
export function isExactIn(expr: Expr, target: Format, context: Context, operands: Operands): boolean {
  if (context.precision.flush || classify(expr) !== "exact" || rounds(expr)) return false;
  const bits = 2 ** (target.fractionBits + 1);
  const valueLeaf: LeafTest = {
    format: (format) => includes(target, format),
    number: (value) => Object.is(round(target, value), value),
    integers: (bound) => bound <= bits && target.largest >= bound,
  };
  return everyLeaf(expr, context, operands, valueLeaf, always);
}
