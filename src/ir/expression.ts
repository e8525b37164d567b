/**
 * Scalar expressions: what one element of a map, or one term of a reduction, computes.
 *
 * Meaning (docs/numerics.md): numbers are float64; `add sub mul div sqrt` round to nearest-even float64; functions
 * (exp, log, ...) are defined by `ir/functions`; nothing else rounds. The loop that holds the expression rounds its
 * value once to the format of the output. Expressions are DAGs: shared objects are evaluated once.
 */

/** Functions of one number. `binade` is 2^floor(log2 |x|), 0 at 0 and for float64 subnormals, Infinity at infinity and NaN. */
export type UnaryName =
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "ceil"
  | "trunc"
  | "nearest" // nearest: ties to even
  | "binade"
  | "pow2" // 2^x for an integer-valued x in [-1022, 1023]
  | FunctionName;

/** Transcendental functions; each is itself written as an expression in `ir/functions`. */
export type FunctionName = "exp" | "expm1" | "log" | "log1p" | "tanh" | "erf" | "erfc";

/** `min` and `max` are IEEE 754-2019 minimum and maximum: NaN propagates, -0 < +0. */
export type BinaryName = "add" | "sub" | "mul" | "div" | "min" | "max" | "pow" | "copysign";

/** Comparisons yield 1 or 0; every comparison with NaN but `ne` yields 0. */
export type CompareName = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

export type Expr =
  /** Element of the loop's input number `input`. */
  | { readonly kind: "input"; readonly input: number }
  /** An exact float64 constant. */
  | { readonly kind: "constant"; readonly value: number }
  /** An op's option (a slope, a bound): rounded to the loop's scalar format (`backends/evaluation`) before use. */
  | { readonly kind: "option"; readonly value: number }
  /** A run-time scalar: the numeric choice at a kink, rounded like an option. */
  | { readonly kind: "choice"; readonly name: string }
  /** The logical index of the element along an axis of the loop (reduced axes come after the outer ones). */
  | { readonly kind: "index"; readonly axis: number }
  /**
   * A uniform random number in [0, 1), a multiple of 2^-53, of the counter (seed, stream, step, a, b): see
   * `backends/stochastic`. `a` and `b` are whole numbers below 2^32; seed and step belong to the run.
   */
  | { readonly kind: "draw"; readonly stream: number; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "unary"; readonly name: UnaryName; readonly x: Expr }
  | { readonly kind: "binary"; readonly name: BinaryName; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "compare"; readonly name: CompareName; readonly a: Expr; readonly b: Expr }
  /** `test` is 0 or 1; only the selected branch's value is used. */
  | { readonly kind: "select"; readonly test: Expr; readonly a: Expr; readonly b: Expr };

export const input = (index: number): Expr => ({ kind: "input", input: index });
export const constant = (value: number): Expr => ({ kind: "constant", value });
export const option = (value: number): Expr => ({ kind: "option", value });
export const choice = (name: string): Expr => ({ kind: "choice", name });
export const index = (axis: number): Expr => ({ kind: "index", axis });
export const draw = (stream: number, a: Expr, b: Expr): Expr => ({ kind: "draw", stream, a, b });

const unary =
  (name: UnaryName) =>
  (x: Expr): Expr => ({ kind: "unary", name, x });
const binary =
  (name: BinaryName) =>
  (a: Expr, b: Expr): Expr => ({ kind: "binary", name, a, b });
const compare =
  (name: CompareName) =>
  (a: Expr, b: Expr): Expr => ({ kind: "compare", name, a, b });

export const neg: (x: Expr) => Expr = unary("neg");
export const abs: (x: Expr) => Expr = unary("abs");
export const sqrt: (x: Expr) => Expr = unary("sqrt");
export const floor: (x: Expr) => Expr = unary("floor");
export const ceil: (x: Expr) => Expr = unary("ceil");
export const trunc: (x: Expr) => Expr = unary("trunc");
export const nearest: (x: Expr) => Expr = unary("nearest");
export const binade: (x: Expr) => Expr = unary("binade");
export const pow2: (x: Expr) => Expr = unary("pow2");
export const exp: (x: Expr) => Expr = unary("exp");
export const expm1: (x: Expr) => Expr = unary("expm1");
export const log: (x: Expr) => Expr = unary("log");
export const log1p: (x: Expr) => Expr = unary("log1p");
export const tanh: (x: Expr) => Expr = unary("tanh");
export const erf: (x: Expr) => Expr = unary("erf");
export const erfc: (x: Expr) => Expr = unary("erfc");

export const add: (a: Expr, b: Expr) => Expr = binary("add");
export const sub: (a: Expr, b: Expr) => Expr = binary("sub");
export const mul: (a: Expr, b: Expr) => Expr = binary("mul");
export const div: (a: Expr, b: Expr) => Expr = binary("div");
export const min: (a: Expr, b: Expr) => Expr = binary("min");
export const max: (a: Expr, b: Expr) => Expr = binary("max");
export const pow: (a: Expr, b: Expr) => Expr = binary("pow");
export const copysign: (magnitude: Expr, sign: Expr) => Expr = binary("copysign");

export const eq: (a: Expr, b: Expr) => Expr = compare("eq");
export const ne: (a: Expr, b: Expr) => Expr = compare("ne");
export const lt: (a: Expr, b: Expr) => Expr = compare("lt");
export const le: (a: Expr, b: Expr) => Expr = compare("le");
export const gt: (a: Expr, b: Expr) => Expr = compare("gt");
export const ge: (a: Expr, b: Expr) => Expr = compare("ge");

export const select = (test: Expr, a: Expr, b: Expr): Expr => ({ kind: "select", test, a, b });
export const isNan = (x: Expr): Expr => ne(x, x);
/** Both tests hold. */
export const both = (p: Expr, q: Expr): Expr => select(p, q, constant(0));
export const zero: Expr = constant(0);
export const one: Expr = constant(1);

/** The direct operands of an expression, in order. */
export function operandsOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case "unary":
      return [e.x];
    case "binary":
    case "compare":
    case "draw":
      return [e.a, e.b];
    case "select":
      return [e.test, e.a, e.b];
    default:
      return [];
  }
}

/** Visits every distinct node once, operands before users. */
export function visit(root: Expr, use: (e: Expr) => void): void {
  const seen = new Set<Expr>();
  const walk = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    for (const operand of operandsOf(e)) walk(operand);
    use(e);
  };
  walk(root);
}
