/** Scalar expressions modulo a prime: arithmetic becomes that of residues, tests keep the original numbers. */
import { UsageError } from "../../base/errors.ts";
import {
  add,
  constant,
  div,
  type Expr,
  mul,
  nearest,
  neg,
  operandsOf,
  select,
  sub,
  visit,
} from "../../ir/expression.ts";
import { substitute } from "../../ir/expression-json.ts";
import { type Field, reduced } from "./residues.ts";

/** What an expression's loop knows of its operands. */
export interface Operands {
  /** Whether an input depends on the incoming gradient. */
  active(input: number): boolean;
  /** The residue of an input. */
  residue(input: number): Expr;
  /** The number itself; asked only of inputs that are not active. */
  original(input: number): Expr;
  /** An option or choice as the loop rounds it. */
  scalar(e: Expr & { readonly kind: "option" | "choice" }): number;
  /** The residue of a part that does not depend on the gradient and is no rational function: its value is data. */
  extracted(e: Expr): Expr;
}

/** The residue nearest to 0 of an integer-valued expression below 2^52 (see `reduced`). */
export function reduction(x: Expr, prime: number): Expr {
  if (x.kind === "constant") return constant(reduced(x.value, prime));
  return sub(x, mul(constant(prime), nearest(div(x, constant(prime)))));
}

const arithmetic: ReadonlySet<string> = new Set(["add", "sub", "mul", "div"]);

/** One expression: shared parts are translated once, so that they are evaluated once. */
export class ResidueExpression {
  readonly #field: Field;
  readonly #operands: Operands;
  readonly #known = new Map<Expr, Expr>();

  constructor(field: Field, operands: Operands) {
    this.#field = field;
    this.#operands = operands;
  }

  /** @throws UsageError where the gradient is tested, or enters anything but + - * / and selections. */
  of(e: Expr): Expr {
    const known = this.#known.get(e);
    if (known !== undefined) return known;
    const made =
      !this.#active(e) && !isRational(e) ? this.#operands.extracted(this.#withScalars(e)) : this.#translate(e);
    this.#known.set(e, made);
    return made;
  }

  /** The expression over the original numbers. @throws UsageError where it depends on the gradient. */
  original(e: Expr): Expr {
    if (this.#active(e))
      throw new UsageError("exact judge: the pullback tests a gradient, expected tests of forward values");
    const inputs: Expr[] = [];
    visit(e, (part) => {
      if (part.kind === "input") inputs[part.input] = this.#operands.original(part.input);
    });
    return substitute(this.#withScalars(e), inputs);
  }

  /** Options and choices as constants, rounded as their loop rounds them. */
  #withScalars(root: Expr): Expr {
    const known = new Map<Expr, Expr>();
    const at = (e: Expr): Expr => known.get(e) as Expr;
    visit(root, (e) => {
      const isScalar = e.kind === "option" || e.kind === "choice";
      known.set(e, isScalar ? constant(this.#operands.scalar(e)) : withOperands(e, at));
    });
    return at(root);
  }

  #active(e: Expr): boolean {
    return e.kind === "input" ? this.#operands.active(e.input) : operandsOf(e).some((part) => this.#active(part));
  }

  #translate(e: Expr): Expr {
    const { prime } = this.#field;
    switch (e.kind) {
      case "input":
        return this.#operands.residue(e.input);
      case "constant":
        return constant(this.#field.of(e.value));
      case "option":
      case "choice":
        return constant(this.#field.of(this.#operands.scalar(e)));
      case "index":
        return reduction(e, prime);
      case "compare":
        return this.original(e);
      case "select":
        return select(this.original(e.test), this.of(e.a), this.of(e.b));
      case "unary":
        if (e.name === "neg") return neg(this.of(e.x));
        break;
      case "binary":
        if (e.name === "add") return reduction(add(this.of(e.a), this.of(e.b)), prime);
        if (e.name === "sub") return reduction(sub(this.of(e.a), this.of(e.b)), prime);
        if (e.name === "mul") return this.#product(this.of(e.a), this.of(e.b));
        if (e.name === "div") return this.#product(this.of(e.a), this.#inverse(this.of(e.b)));
    }
    throw new UsageError(
      `exact judge: the gradient enters ${e.kind} '${"name" in e ? e.name : ""}', expected + - * / or a selection`,
    );
  }

  #product(a: Expr, b: Expr): Expr {
    return reduction(
      a.kind === "constant" && b.kind === "constant" ? constant(a.value * b.value) : mul(a, b),
      this.#field.prime,
    );
  }

  /** b^(p-2), by squaring (Fermat). A divisor that is a multiple of p gives 0 in both pullbacks alike. */
  #inverse(b: Expr): Expr {
    if (b.kind === "constant") return constant(this.#field.inverse(b.value));
    let result: Expr | undefined;
    let square: Expr = b;
    for (let rest = this.#field.prime - 2; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = result === undefined ? square : this.#product(result, square);
      if (rest > 1) square = this.#product(square, square);
    }
    return result as Expr;
  }
}

/** The same operation on other operands. */
function withOperands(e: Expr, at: (e: Expr) => Expr): Expr {
  switch (e.kind) {
    case "unary":
      return { ...e, x: at(e.x) };
    case "binary":
    case "compare":
      return { ...e, a: at(e.a), b: at(e.b) };
    case "select":
      return { ...e, test: at(e.test), a: at(e.a), b: at(e.b) };
    default:
      return e;
  }
}

/** Whether a value is a rational function of the inputs, given the outcome of its tests. */
export function isRational(e: Expr): boolean {
  switch (e.kind) {
    case "unary":
      return e.name === "neg" && isRational(e.x);
    case "binary":
      return arithmetic.has(e.name) && isRational(e.a) && isRational(e.b);
    case "select":
      return isRational(e.a) && isRational(e.b);
    default:
      return true;
  }
}
