/** Decides the tests of an expression that only depend on where it is, from the ranges of its indices. */
import { type Expr, operandsOf, visit } from "./expression.ts";
import { isPlace } from "./expression-class.ts";

/** Least and greatest value. */
export type Range = readonly [number, number];

function rangeOf(e: Expr, ranges: readonly Range[]): Range {
  if (e.kind === "index") return ranges[e.axis];
  if (e.kind === "constant") return [e.value, e.value];
  const [a, b] = operandsOf(e).map((operand) => rangeOf(operand, ranges));
  const name = (e as { name: string }).name;
  if (name === "add") return [a[0] + b[0], a[1] + b[1]];
  if (name === "sub") return [a[0] - b[1], a[1] - b[0]];
  const products = a.flatMap((x) => b.map((y) => x * y));
  return [Math.min(...products), Math.max(...products)];
}

/** What a comparison yields everywhere in the ranges; undefined where that depends. */
function outcome(name: string, [a, b]: Range, [c, d]: Range): boolean | undefined {
  const either = (always: boolean, never: boolean): boolean | undefined => (always ? true : never ? false : undefined);
  const apart = b < c || d < a;
  const same = a === b && c === d && a === c;
  switch (name) {
    case "lt":
      return either(b < c, a >= d);
    case "le":
      return either(b <= c, a > d);
    case "gt":
      return either(a > d, b <= c);
    case "ge":
      return either(a >= d, b < c);
    case "eq":
      return either(same, apart);
    default:
      return either(apart, same);
  }
}

const truth = (value: boolean): Expr => ({ kind: "constant", value: value ? 1 : 0 });

function rebuilt(e: Expr, at: (e: Expr) => Expr, ranges: readonly Range[]): Expr {
  if (isPlace(e)) {
    const [low, high] = rangeOf(e, ranges);
    if (low === high) return { kind: "constant", value: low };
    return e;
  }
  switch (e.kind) {
    case "compare": {
      const decided =
        isPlace(e.a) && isPlace(e.b) ? outcome(e.name, rangeOf(e.a, ranges), rangeOf(e.b, ranges)) : undefined;
      return decided === undefined ? { ...e, a: at(e.a), b: at(e.b) } : truth(decided);
    }
    case "select": {
      const test = at(e.test);
      if (test.kind === "constant") return at(test.value === 0 ? e.b : e.a);
      return { ...e, test, a: at(e.a), b: at(e.b) };
    }
    case "binary":
    case "draw":
      return { ...e, a: at(e.a), b: at(e.b) };
    case "unary":
      return { ...e, x: at(e.x) };
    default:
      return e;
  }
}

/**
 * The expression with every test that its indices decide replaced by the branch taken: the same value wherever index i
 * lies in `ranges[i]`.
 */
export function decide(root: Expr, ranges: readonly Range[]): Expr {
  const results = new Map<Expr, Expr>();
  const at = (e: Expr): Expr => results.get(e) as Expr;
  visit(root, (e) => {
    results.set(e, rebuilt(e, at, ranges));
  });
  return at(root);
}
