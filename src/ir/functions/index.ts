/** Transcendental functions as expressions of + - * / and exact operations: the same bits on every backend. */
import { type Expr, type FunctionName, visit } from "../expression.ts";
import { erfcOf, erfOf } from "./erf.ts";
import { expOf } from "./exp.ts";
import { expm1Of } from "./expm1.ts";
import { logOf } from "./log.ts";
import { log1pOf } from "./log1p.ts";
import { powOf } from "./pow.ts";
import { tanhOf } from "./tanh.ts";

const functions: Readonly<Record<FunctionName, (x: Expr) => Expr>> = {
  exp: expOf,
  expm1: expm1Of,
  log: logOf,
  log1p: log1pOf,
  tanh: tanhOf,
  erf: erfOf,
  erfc: erfcOf,
};

/** The node `e` with each direct operand replaced; `e` itself if none changes. */
function rebuild(e: Expr, of: (operand: Expr) => Expr): Expr {
  switch (e.kind) {
    case "unary": {
      const x = of(e.x);
      return x === e.x ? e : { ...e, x };
    }
    case "binary":
    case "compare":
    case "draw": {
      const [a, b] = [of(e.a), of(e.b)];
      return a === e.a && b === e.b ? e : { ...e, a, b };
    }
    case "select": {
      const [test, a, b] = [of(e.test), of(e.a), of(e.b)];
      return test === e.test && a === e.a && b === e.b ? e : { ...e, test, a, b };
    }
    default:
      return e;
  }
}

/**
 * Replaces exp, expm1, log, log1p, tanh, erf, erfc and pow by the expressions that define them. Shared nodes stay
 * shared. The evaluation must be float64 to nearest; errors: docs/functions.md.
 */
export function expandFunctions(root: Expr): Expr {
  const expanded = new Map<Expr, Expr>();
  const of = (e: Expr): Expr => expanded.get(e) as Expr;
  visit(root, (e) => {
    if (e.kind === "unary" && Object.hasOwn(functions, e.name))
      expanded.set(e, functions[e.name as FunctionName](of(e.x)));
    else if (e.kind === "binary" && e.name === "pow") expanded.set(e, powOf(of(e.a), of(e.b)));
    else expanded.set(e, rebuild(e, of));
  });
  return of(root);
}
