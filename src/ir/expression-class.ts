/** How much an expression rounds: decides in which arithmetic it may be evaluated with the same bits. */
import { type Expr, operandsOf, visit } from "./expression.ts";

/**
 * `exact`: selects, compares, negates; nothing rounds.
 * `single`: every + - * / sqrt has exact operands, and its value reaches the root only through selection and sign
 * changes, so the root is one correctly rounded operation.
 * `composite`: anything else, functions included.
 */
export type ExpressionClass = "exact" | "single" | "composite";

const inexactBinaries: ReadonlySet<string> = new Set(["add", "sub", "mul", "div", "pow"]);
const functions: ReadonlySet<string> = new Set(["exp", "expm1", "log", "log1p", "tanh", "erf", "erfc"]);
/** Operations through which an unrounded value may still pass to the root. */
const transparent: ReadonlySet<string> = new Set(["neg", "abs", "min", "max"]);
const integerBinaries: ReadonlySet<string> = new Set(["add", "sub", "mul"]);

/** Whether a node is a function (exp, ..., pow) rather than one IEEE operation. */
function isFunction(e: Expr): boolean {
  return (e.kind === "unary" && functions.has(e.name)) || (e.kind === "binary" && e.name === "pow");
}

/** Whether a node is one of the IEEE operations + - * / sqrt. */
export function isArithmetic(e: Expr): boolean {
  return (
    !isFunction(e) &&
    ((e.kind === "binary" && inexactBinaries.has(e.name)) || (e.kind === "unary" && e.name === "sqrt"))
  );
}

export function hasFunctions(root: Expr): boolean {
  let found = false;
  visit(root, (e) => {
    found ||= isFunction(e);
  });
  return found;
}

/** Whether a node is + - * of indices and whole constants, none of which rounds. */
export function isPlace(e: Expr): boolean {
  if (e.kind === "index") return true;
  if (e.kind === "constant") return Number.isSafeInteger(e.value);
  return e.kind === "binary" && integerBinaries.has(e.name) && isPlace(e.a) && isPlace(e.b);
}

/** A bound of the magnitude of `isPlace` expressions; index i is below `extents[i]`. */
export function placeBound(e: Expr, extents: readonly number[]): number {
  if (e.kind === "index") return extents[e.axis];
  if (e.kind === "constant") return Math.abs(e.value);
  if (e.kind !== "binary") return Infinity;
  const [a, b] = [placeBound(e.a, extents), placeBound(e.b, extents)];
  return e.name === "mul" ? a * b : a + b;
}

function classOf(e: Expr, below: readonly ExpressionClass[]): ExpressionClass {
  const allExact = below.every((c) => c === "exact");
  if (isFunction(e)) return "composite";
  if (e.kind === "draw" || isPlace(e)) return "exact";
  if (isArithmetic(e)) return allExact ? "single" : "composite";
  if (allExact) return "exact";
  if (below.includes("composite")) return "composite";
  if (e.kind === "select") return below[0] === "exact" ? "single" : "composite";
  return (e.kind === "unary" || e.kind === "binary") && transparent.has(e.name) ? "single" : "composite";
}

export function classify(root: Expr): ExpressionClass {
  const classes = new Map<Expr, ExpressionClass>();
  visit(root, (e) => {
    classes.set(
      e,
      classOf(
        e,
        operandsOf(e).map((operand) => classes.get(operand) as ExpressionClass),
      ),
    );
  });
  return classes.get(root) as ExpressionClass;
}
