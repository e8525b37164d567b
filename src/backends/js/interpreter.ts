/** Evaluates expressions one node at a time in float64: slow, obvious, and the oracle of the other backends. */
import { binade, copysign } from "../../formats/float64-bits.ts";
import { type Expr, visit } from "../../ir/expression.ts";
import { expandFunctions } from "../../ir/functions/index.ts";

/** + - * / sqrt as the evaluation of the expression wants them. */
export interface Arithmetic {
  add(a: number, b: number): number;
  sub(a: number, b: number): number;
  mul(a: number, b: number): number;
  div(a: number, b: number): number;
  sqrt(x: number): number;
}

/** IEEE float64, to nearest. */
export const nearestArithmetic: Arithmetic = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: Math.sqrt,
};

/** Where an expression reads: the loop sets these before each evaluation. */
export interface Environment {
  readonly inputs: Float64Array;
  readonly index: Int32Array;
  choice(name: string): number;
  option(value: number): number;
  draw(stream: number, a: number, b: number): number;
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** Ties to even. */
function nearestInteger(x: number): number {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const magnitude = Math.abs(x) + 2 ** 52 - 2 ** 52;
  return copysign(magnitude, x);
}

/** 2^k for an integer k in [-1022, 1023]. */
function powerOfTwo(k: number): number {
  words[0] = 0;
  words[1] = (k + 1023) << 20;
  return float[0];
}

const unaries: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest: nearestInteger,
  binade,
  pow2: powerOfTwo,
};

const binaries: Readonly<Record<string, (a: number, b: number) => number>> = { min: Math.min, max: Math.max, copysign };

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** A function that evaluates `root` in `env`; shared subexpressions are computed once. */
export function interpret(root: Expr, env: Environment, arithmetic: Arithmetic = nearestArithmetic): () => number {
  const expanded = expandFunctions(root);
  const places = new Map<Expr, number>();
  const steps: ((slots: Float64Array) => number)[] = [];
  const at = (e: Expr): number => places.get(e) as number;
  const ieee = arithmetic as unknown as Record<string, ((...x: number[]) => number) | undefined>;
  const stepOf = (e: Expr): ((slots: Float64Array) => number) => {
    switch (e.kind) {
      case "input":
        return () => env.inputs[e.input];
      case "constant":
        return () => e.value;
      case "option": {
        const value = env.option(e.value);
        return () => value;
      }
      case "choice":
        return () => env.choice(e.name);
      case "index":
        return () => env.index[e.axis];
      case "draw": {
        const [a, b] = [at(e.a), at(e.b)];
        return (slots) => env.draw(e.stream, slots[a], slots[b]);
      }
      case "unary": {
        const [x, f] = [at(e.x), ieee[e.name] ?? unaries[e.name]];
        return (slots) => f(slots[x]);
      }
      case "binary": {
        const [a, b, f] = [at(e.a), at(e.b), ieee[e.name] ?? binaries[e.name]];
        return (slots) => f(slots[a], slots[b]);
      }
      case "compare": {
        const [a, b, test] = [at(e.a), at(e.b), comparisons[e.name]];
        return (slots) => (test(slots[a], slots[b]) ? 1 : 0);
      }
      case "select": {
        const [test, a, b] = [at(e.test), at(e.a), at(e.b)];
        return (slots) => (slots[test] !== 0 ? slots[a] : slots[b]);
      }
    }
  };
  visit(expanded, (e) => {
    const step = stepOf(e);
    places.set(e, steps.length);
    steps.push(step);
  });
  const slots = new Float64Array(steps.length);
  return () => {
    for (let i = 0; i < steps.length; i++) slots[i] = steps[i](slots);
    return slots[steps.length - 1];
  };
}
