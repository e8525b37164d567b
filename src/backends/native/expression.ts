/** Prints scalar expressions as C statements over vectors: every lane evaluates the same DAG, both branches of a select. */
import { type BinaryName, type Expr, type UnaryName, visit } from "../../ir/expression.ts";
import { constantVector, type Lanes } from "./lanes.ts";

/** Where an expression reads: each gives the C name of a vector of numbers. */
export interface Bindings {
  input(input: number): string;
  option(value: number): number;
  choice(name: string): string;
  index(axis: number): string;
  /** The draws of whole numbers a and b, as a C expression. */
  draw(stream: number, a: string, b: string): string;
  /** The value is NaN wherever an operand is: then the sign that `copysign` takes from a NaN does not matter. */
  readonly keepsNaN?: boolean;
}

/** Appends a statement that names a value of a type; returns the name. */
export type Define = (type: string, value: string) => string;

const isConstant = (e: Expr, value: number): boolean => e.kind === "constant" && Object.is(e.value, value);

/** Whether a node can be a lane mask: a test, or tests combined by selection. */
export function isTest(e: Expr): boolean {
  if (e.kind === "compare") return true;
  if (e.kind !== "select") return false;
  return [e.a, e.b].every((branch) => isConstant(branch, 0) || isConstant(branch, 1) || isTest(branch));
}

const infix: Readonly<Record<string, string>> = { add: "+", sub: "-", mul: "*", div: "/" };
const comparison = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

export class Printer {
  readonly #define: Define;
  readonly #lanes: Lanes;
  readonly #bindings: Bindings;
  readonly #numbers = new Map<Expr, string>();
  readonly #masks = new Map<Expr, string>();

  constructor(define: Define, lanes: Lanes, bindings: Bindings) {
    this.#define = define;
    this.#lanes = lanes;
    this.#bindings = bindings;
  }

  /** The C name of the value of `root`; functions must have been expanded (`ir/functions`). */
  number(root: Expr): string {
    // Operands first: expanded functions are deeper than the stack of calls should be.
    visit(root, (e) => {
      if (!isTest(e)) this.#number(e);
    });
    return this.#number(root);
  }

  /** The C name of all ones in the lanes where `root` is not 0, else zeros. */
  mask(root: Expr): string {
    visit(root, (e) => {
      if (!isTest(e)) this.#number(e);
    });
    return this.#mask(root);
  }

  #number(e: Expr): string {
    const known = this.#numbers.get(e);
    if (known !== undefined) return known;
    const { vector } = this.#lanes;
    const name = e.kind === "input" ? this.#bindings.input(e.input) : this.#define(vector, this.#compute(e));
    this.#numbers.set(e, name);
    return name;
  }

  #compute(e: Expr): string {
    const { vector, mask, suffix } = this.#lanes;
    if (isTest(e)) return `(${vector})(${this.#mask(e)} & (${mask})${constantVector(this.#lanes, 1)})`;
    switch (e.kind) {
      case "constant":
        return constantVector(this.#lanes, e.value);
      case "option":
        return constantVector(this.#lanes, this.#bindings.option(e.value));
      case "choice":
        return this.#bindings.choice(e.name);
      case "index":
        return this.#bindings.index(e.axis);
      case "draw":
        return this.#bindings.draw(e.stream, this.#number(e.a), this.#number(e.b));
      case "unary":
        return this.#unary(e.name, this.#number(e.x));
      case "binary":
        return this.#binary(e.name, e.a, e.b);
      case "select":
        return `pick${suffix}(${this.#mask(e.test)}, ${this.#number(e.a)}, ${this.#number(e.b)})`;
      default:
        throw new Error(`expression: cannot print ${e.kind}`);
    }
  }

  #unary(operation: UnaryName, x: string): string {
    const { suffix } = this.#lanes;
    switch (operation) {
      case "pow2":
        return `pow2of${suffix}(${x})`;
      case "binade":
      case "neg":
      case "abs":
      case "sqrt":
      case "floor":
      case "ceil":
      case "trunc":
      case "nearest":
        return `${operation}${suffix}(${x})`;
      default:
        throw new Error(`expression: function ${operation} was not expanded`);
    }
  }

  #binary(operation: BinaryName, a: Expr, b: Expr): string {
    const { vector, mask, suffix } = this.#lanes;
    if (operation === "pow") throw new Error("expression: function pow was not expanded");
    if (operation === "min" || operation === "max") return this.#extreme(operation, a, b);
    const [x, y] = [this.#number(a), this.#number(b)];
    if (operation !== "copysign") return `${x} ${infix[operation]} ${y}`;
    // All NaNs are one value, a positive one, whatever sign the machine gave it.
    const sign = this.#bindings.keepsNaN ? y : `(${vector})((${mask})${y} & (${y} == ${y}))`;
    return `copysign${suffix}(${x}, ${sign})`;
  }

  /**
   * Beside a constant one comparison does, and keeps NaN; only max(x, +0) needs care, since max(-0, +0) is +0: x + 0 turns
   * -0 into +0 and changes nothing else.
   */
  #extreme(operation: "min" | "max", a: Expr, b: Expr): string {
    const { suffix } = this.#lanes;
    const [x, c] = a.kind === "constant" ? [b, a] : [a, b];
    const [left, right] = [this.#number(x), this.#number(c)];
    const plain = c.kind === "constant" && !Number.isNaN(c.value) && !(operation === "min" && isConstant(c, -0));
    if (!plain) return `${operation}${suffix}(${left}, ${right})`;
    if (operation === "max" && isConstant(c, 0)) return `atleast${suffix}(${left} + ${right}, ${right})`;
    return `${operation === "max" ? "atleast" : "atmost"}${suffix}(${left}, ${right})`;
  }

  #mask(e: Expr): string {
    const known = this.#masks.get(e);
    if (known !== undefined) return known;
    const name = this.#define(this.#lanes.mask, this.#computeMask(e));
    this.#masks.set(e, name);
    return name;
  }

  #computeMask(e: Expr): string {
    const { mask, suffix } = this.#lanes;
    if (e.kind === "compare") return `${this.#number(e.a)} ${comparison[e.name]} ${this.#number(e.b)}`;
    if (e.kind === "select" && isTest(e)) {
      const branch = (x: Expr): string =>
        x.kind !== "constant" ? this.#mask(x) : x.value === 0 ? `(${mask}){0}` : `~(${mask}){0}`;
      const test = this.#mask(e.test);
      return `(${test} & ${branch(e.a)}) | (~${test} & ${branch(e.b)})`;
    }
    return `${this.#number(e)} != splat${suffix}(0)`;
  }
}
