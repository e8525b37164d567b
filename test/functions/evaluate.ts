/** Evaluates expanded expressions in plain float64: independent of the backends' interpreters. */
import { type Expr, visit } from "../../src/ir/expression.ts";
import { expandFunctions } from "../../src/ir/functions/index.ts";

const bits = new DataView(new ArrayBuffer(8));

function binade(x: number): number {
  bits.setFloat64(0, x);
  bits.setBigUint64(0, bits.getBigUint64(0) & 0x7ff0000000000000n);
  return bits.getFloat64(0);
}

function pow2(k: number): number {
  if (!Number.isInteger(k) || k < -1022 || k > 1023) throw new Error(`pow2: ${k} is not an integer in [-1022, 1023]`);
  bits.setBigUint64(0, BigInt(k + 1023) << 52n);
  return bits.getFloat64(0);
}

const nearest = (x: number): number => (Math.abs(x) < 2 ** 52 ? x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52 : x);

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest,
  binade,
  pow2,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  copysign: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
};

/** The expression as a function of its inputs. Throws on a node that is not basic, and on pow2 of a non-integer. */
export function evaluator(root: Expr): (...inputs: number[]) => number {
  const places = new Map<Expr, number>();
  const steps: ((slots: Float64Array, inputs: readonly number[]) => number)[] = [];
  const at = (e: Expr): number => places.get(e) as number;
  visit(expandFunctions(root), (e) => {
    places.set(e, steps.length);
    if (e.kind === "input") steps.push((_, inputs) => inputs[e.input]);
    else if (e.kind === "constant") steps.push(() => e.value);
    else if (e.kind === "select") {
      const [test, a, b] = [at(e.test), at(e.a), at(e.b)];
      steps.push((slots) => (slots[test] === 1 ? slots[a] : slots[b]));
    } else if (e.kind === "unary" || e.kind === "binary" || e.kind === "compare") {
      const f = operations[e.name];
      if (f === undefined) throw new Error(`${e.name} is not a basic operation`);
      const [a, b] = e.kind === "unary" ? [at(e.x), at(e.x)] : [at(e.a), at(e.b)];
      steps.push((slots) => f(slots[a], slots[b]));
    } else throw new Error(`${e.kind} does not occur in a function`);
  });
  const slots = new Float64Array(steps.length);
  return (...inputs) => {
    for (let i = 0; i < steps.length; i++) slots[i] = steps[i](slots, inputs);
    return slots[steps.length - 1];
  };
}
