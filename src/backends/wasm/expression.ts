/** Prints scalar expressions as vector code: every lane evaluates the same DAG, both branches of every select. */
import {
  type BinaryName,
  type CompareName,
  type Expr,
  operandsOf,
  type UnaryName,
  visit,
} from "../../ir/expression.ts";
import { isArithmetic } from "../../ir/expression-class.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Lanes } from "./lanes.ts";

/** Where an expression reads: each method pushes one vector of numbers. */
export interface Bindings {
  input(input: number): unknown;
  option(value: number): unknown;
  choice(name: string): unknown;
  index(axis: number): unknown;
  /** Pops nothing, reads the whole numbers a and b from locals, pushes the draws. */
  draw(stream: number, a: Local, b: Local): unknown;
  /** Replaces + - * / sqrt: pops nothing, reads its operands from locals, pushes the result. */
  arithmetic?(name: string, operands: readonly Local[]): void;
  /** The value is NaN wherever an operand is: then the sign that `copysign` takes from a NaN does not matter. */
  readonly keepsNaN?: boolean;
}

type Form = "number" | "mask";

const isConstant = (e: Expr, value: number): boolean => e.kind === "constant" && Object.is(e.value, value);

/** Whether a node can be a lane mask: a test, or tests combined by selection. */
function isTest(e: Expr): boolean {
  if (e.kind === "compare") return true;
  if (e.kind !== "select") return false;
  return [e.a, e.b].every((branch) => isConstant(branch, 0) || isConstant(branch, 1) || isTest(branch));
}

class Printer {
  readonly #f: FunctionBuilder;
  readonly #lanes: Lanes;
  readonly #bindings: Bindings;
  readonly #sign: Local;
  readonly #uses = new Map<Expr, number>();
  readonly #known: Readonly<Record<Form, Map<Expr, Local>>> = { number: new Map(), mask: new Map() };

  constructor(f: FunctionBuilder, lanes: Lanes, bindings: Bindings, root: Expr) {
    this.#f = f;
    this.#lanes = lanes;
    this.#bindings = bindings;
    this.#sign = f.local("v128");
    visit(root, (e) => {
      for (const operand of operandsOf(e)) this.#uses.set(operand, (this.#uses.get(operand) ?? 0) + 1);
    });
  }

  push(e: Expr, form: Form = "number"): void {
    const known = this.#known[form].get(e);
    if (known !== undefined) {
      this.#f.get(known);
      return;
    }
    if (form === "mask") this.#computeMask(e);
    else this.#compute(e);
    if ((this.#uses.get(e) ?? 0) < 2 || operandsOf(e).length === 0) return;
    const local = this.#f.local("v128");
    this.#known[form].set(e, local);
    this.#f.tee(local);
  }

  #compute(e: Expr): void {
    const f = this.#f;
    const { name, scalar, integers } = this.#lanes;
    if (isTest(e)) {
      this.push(e, "mask");
      f.splat(1, scalar).op("v128.and");
      return;
    }
    const inLocals = (): Local[] =>
      operandsOf(e).map((operand) => {
        const local = f.local("v128");
        this.push(operand);
        f.set(local);
        return local;
      });
    if (isArithmetic(e) && this.#bindings.arithmetic) {
      const operands = inLocals();
      this.#bindings.arithmetic((e as { name: string }).name, operands);
      return;
    }
    switch (e.kind) {
      case "constant":
        f.splat(e.value, scalar);
        return;
      case "input":
        this.#bindings.input(e.input);
        return;
      case "option":
        this.#bindings.option(e.value);
        return;
      case "choice":
        this.#bindings.choice(e.name);
        return;
      case "index":
        this.#bindings.index(e.axis);
        return;
      case "draw": {
        const [a, b] = inLocals();
        this.#bindings.draw(e.stream, a, b);
        return;
      }
      case "unary":
        this.push(e.x);
        this.#unary(e.name);
        return;
      case "binary":
        this.#binary(e.name, e.a, e.b);
        return;
      case "select":
        this.#select(e.test, e.a, e.b);
        return;
      default:
        throw new Error(`expression: cannot print ${e.kind} in ${name} ${integers}`);
    }
  }

  #unary(operation: UnaryName): void {
    const f = this.#f;
    const { name, integers, scalar, exponentMask, fractionBits, bias } = this.#lanes;
    switch (operation) {
      case "binade":
        f.splat(integers === "i32x4" ? Number(exponentMask) : exponentMask, integers === "i32x4" ? "i32" : "i64");
        f.op("v128.and");
        return;
      case "pow2":
        // x + (2^fractionBits + bias) has the biased exponent as the low bits of its fraction.
        f.splat(2 ** fractionBits + bias, scalar)
          .op(`${name}.add`)
          .i32(fractionBits)
          .op(`${integers}.shl`);
        return;
      case "neg":
      case "abs":
      case "sqrt":
      case "floor":
      case "ceil":
      case "trunc":
      case "nearest":
        f.op(`${name}.${operation}`);
        return;
      default:
        throw new Error(`expression: function ${operation} was not expanded`);
    }
  }

  #binary(operation: BinaryName, a: Expr, b: Expr): void {
    const f = this.#f;
    const { name, integers, signBit } = this.#lanes;
    if (operation === "pow") throw new Error("expression: function pow was not expanded");
    if (operation === "min" || operation === "max") {
      this.#extreme(operation, a, b);
      return;
    }
    this.push(a);
    this.push(b);
    if (operation === "copysign") {
      // All NaNs are one value, a positive one, whatever sign the machine gave it.
      if (!this.#bindings.keepsNaN) f.tee(this.#sign).get(this.#sign).get(this.#sign).op(`${name}.eq`).op("v128.and");
      if (integers === "i32x4") f.splat(Number(signBit - 1n), "i32");
      else f.splat(signBit - 1n, "i64");
      f.op("v128.bitselect");
      return;
    }
    f.op(`${name}.${operation}`);
  }

  /**
   * IEEE minimum and maximum. Beside a constant c one instruction does: pmax(x, c) = x < c ? c : x keeps NaN, and only
   * max(x, +0) needs care, since max(-0, +0) is +0: x + 0 turns -0 into +0 and changes nothing else.
   */
  #extreme(operation: "min" | "max", a: Expr, b: Expr): void {
    const f = this.#f;
    const { name, scalar } = this.#lanes;
    const [x, c] = a.kind === "constant" ? [b, a] : [a, b];
    const unsafe = operation === "min" ? -0 : 0;
    const plain = c.kind === "constant" && !Number.isNaN(c.value) && !(operation === "min" && isConstant(c, unsafe));
    this.push(x);
    if (plain && isConstant(c, unsafe)) f.splat(0, scalar).op(`${name}.add`);
    this.push(c);
    f.op(plain ? `${name}.p${operation}` : `${name}.${operation}`);
  }

  #select(test: Expr, a: Expr, b: Expr): void {
    const f = this.#f;
    if (isConstant(b, 0)) {
      this.push(a);
      this.push(test, "mask");
      f.op("v128.and");
    } else if (isConstant(a, 0)) {
      this.push(b);
      this.push(test, "mask");
      f.op("v128.andnot");
    } else {
      this.push(a);
      this.push(b);
      this.push(test, "mask");
      f.op("v128.bitselect");
    }
  }

  #computeMask(e: Expr): void {
    const f = this.#f;
    const { name, scalar, integers } = this.#lanes;
    const ones = (): unknown => (integers === "i32x4" ? f.splat(-1, "i32") : f.splat(-1n, "i64"));
    if (e.kind === "compare") {
      this.push(e.a);
      this.push(e.b);
      f.op(`${name}.${e.name satisfies CompareName}`);
    } else if (e.kind === "select" && isTest(e)) {
      const branch = (x: Expr): unknown =>
        x.kind !== "constant" ? this.push(x, "mask") : x.value === 0 ? f.splat(0, "i32") : ones();
      if (isConstant(e.b, 0)) {
        branch(e.a);
        this.push(e.test, "mask");
        f.op("v128.and");
      } else if (isConstant(e.a, 1)) {
        branch(e.b);
        this.push(e.test, "mask");
        f.op("v128.or");
      } else {
        branch(e.a);
        branch(e.b);
        this.push(e.test, "mask");
        f.op("v128.bitselect");
      }
    } else {
      this.push(e);
      f.splat(0, scalar).op(`${name}.ne`);
    }
  }
}

/** Whether `printMask` needs no comparison with zero. */
export function isMask(e: Expr): boolean {
  return isTest(e);
}

/** Pushes the value of `root`; functions must have been expanded (`ir/functions`). */
export function printExpression(f: FunctionBuilder, lanes: Lanes, root: Expr, bindings: Bindings): void {
  new Printer(f, lanes, bindings, root).push(root);
}

/** Pushes all ones in the lanes where `root` is not 0, else zeros. */
export function printMask(f: FunctionBuilder, lanes: Lanes, root: Expr, bindings: Bindings): void {
  new Printer(f, lanes, bindings, root).push(root, "mask");
}
