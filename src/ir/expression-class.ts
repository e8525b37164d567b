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

export function classify(root: Expr): ExpressionClass {
  const classes = new Map<Expr, ExpressionClass>();
  visit(root, (e) => {
    const below = operandsOf(e).map((operand) => classes.get(operand) as ExpressionClass);
    const allExact = below.every((c) => c === "exact");
    let own: ExpressionClass;
    if (isFunction(e)) own = "composite";
    else if (isArithmetic(e)) own = allExact ? "single" : "composite";
    else if (allExact) own = "exact";
    else if (below.includes("composite")) own = "composite";
    else if (e.kind === "select") own = below[0] === "exact" ? "single" : "composite";
    else own = (e.kind === "unary" || e.kind === "binary") && transparent.has(e.name) ? "single" : "composite";
    classes.set(e, own);
  });
  return classes.get(root) as ExpressionClass;
}
