/**
 * Derivatives of expressions. Two rules keep them honest: a derivative of 0 selects, it does not multiply (so 0 times
 * Infinity never arises from a branch that was not taken), and predicates are constants.
 */
import {
  abs,
  add,
  constant,
  copysign,
  div,
  type Expr,
  eq,
  exp,
  ge,
  isNan,
  log,
  lt,
  mul,
  neg,
  one,
  pow,
  select,
  sub,
  visit,
  zero,
} from "./expression.ts";

export const isZero = (e: Expr): boolean => e.kind === "constant" && e.value === 0;

/** a + b where a literal 0 adds nothing, also inside two selects by one test. */
export function plus(a: Expr, b: Expr): Expr {
  if (isZero(a)) return b;
  if (isZero(b)) return a;
  if (a.kind !== "select" || b.kind !== "select" || a.test !== b.test) return add(a, b);
  return choose(a.test, plus(a.a, b.a), plus(a.b, b.b));
}

const minus = (e: Expr): Expr => (isZero(e) ? zero : neg(e));

/** select whose equal zeros collapse. */
function choose(test: Expr, a: Expr, b: Expr): Expr {
  if (isZero(a) && isZero(b)) return zero;
  return a === b ? a : select(test, a, b);
}

/** g times a slope that selects: 0 gives exactly 0, 1 gives g, -1 gives -g, a run-time 0 gives 0 as well. */
export function times(g: Expr, slope: Expr): Expr {
  if (isZero(g)) return zero;
  switch (slope.kind) {
    case "constant":
      if (slope.value === 0) return zero;
      if (slope.value === 1) return g;
      return slope.value === -1 ? neg(g) : mul(g, slope);
    case "option":
    case "choice":
      return select(eq(slope, zero), zero, mul(g, slope));
    case "select":
      return choose(slope.test, times(g, slope.a), times(g, slope.b));
    case "unary":
      return slope.name === "neg" ? minus(times(g, slope.x)) : mul(g, slope);
    default:
      return mul(g, slope);
  }
}

const twoOverRootPi = 1.1283791670955126;

/** sech^2 without cancellation. */
function squaredSech(x: Expr): Expr {
  const e = exp(mul(constant(-2), abs(x)));
  const s = add(one, e);
  return div(mul(constant(4), e), mul(s, s));
}

function unarySlope(e: Extract<Expr, { kind: "unary" }>): Expr {
  const { x } = e;
  const bell = (): Expr => mul(constant(twoOverRootPi), exp(neg(mul(x, x))));
  switch (e.name) {
    case "neg":
      return constant(-1);
    case "abs":
      return select(lt(x, zero), constant(-1), one);
    case "sqrt":
      return div(constant(0.5), e);
    case "exp":
      return e;
    case "expm1":
      return exp(x);
    case "log":
      return div(one, x);
    case "log1p":
      return div(one, add(one, x));
    case "tanh":
      return squaredSech(x);
    case "erf":
      return bell();
    case "erfc":
      return neg(bell());
    default:
      return zero; // floor, ceil, trunc, nearest, binade, pow2: steps
  }
}

/** pow(a, b) with respect to a, and to b. */
export function powSlopes(a: Expr, b: Expr, power: Expr): readonly [Expr, Expr] {
  const base = select(eq(b, zero), zero, mul(b, pow(a, sub(b, one))));
  const exponent = select(eq(a, zero), select(ge(b, zero), zero, mul(log(a), power)), mul(log(a), power));
  return [base, exponent];
}

function binaryDerivative(e: Extract<Expr, { kind: "binary" }>, da: Expr, db: Expr): Expr {
  const { a, b } = e;
  switch (e.name) {
    case "add":
      return plus(da, db);
    case "sub":
      return isZero(db) ? da : isZero(da) ? minus(db) : sub(da, db);
    case "mul":
      return plus(times(b, da), times(a, db));
    case "div":
      return plus(times(div(one, b), da), times(div(neg(e), b), db));
    case "max":
      return choose(select(isNan(a), one, ge(a, b)), da, db);
    case "min":
      return choose(select(isNan(a), one, ge(b, a)), da, db);
    case "pow": {
      const [base, exponent] = powSlopes(a, b, e);
      return plus(times(base, da), times(exponent, db));
    }
    case "copysign":
      return choose(eq(copysign(one, a), copysign(one, b)), da, minus(da));
  }
}

/** The derivative of `root` with respect to input number `input`. */
export function differentiate(root: Expr, input: number): Expr {
  const results = new Map<Expr, Expr>();
  const d = (e: Expr): Expr => results.get(e) as Expr;
  visit(root, (e) => {
    results.set(e, derivativeOf(e, input, d));
  });
  return d(root);
}

function derivativeOf(e: Expr, input: number, d: (e: Expr) => Expr): Expr {
  switch (e.kind) {
    case "input":
      return e.input === input ? one : zero;
    case "unary": {
      const dx = d(e.x);
      if (isZero(dx)) return zero;
      return e.name === "neg" ? minus(dx) : chain(unarySlope(e), dx);
    }
    case "binary": {
      const [da, db] = [d(e.a), d(e.b)];
      return isZero(da) && isZero(db) ? zero : binaryDerivative(e, da, db);
    }
    case "select":
      return choose(e.test, d(e.a), d(e.b));
    default:
      return zero;
  }
}

/** Both the outer slope and the inner derivative may select. */
function chain(outer: Expr, inner: Expr): Expr {
  if (inner.kind === "constant" || inner.kind === "select") return times(outer, inner);
  return times(inner, outer);
}
