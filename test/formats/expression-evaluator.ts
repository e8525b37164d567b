/** Evaluates the exact and IEEE nodes of an expression, in float64 or with every result rounded to float32. */
import type { ArithmeticName } from "../../src/formats/rounding.ts";
import type { Expr } from "../../src/ir/expression.ts";

const words = new Uint32Array(2);
const float64 = new Float64Array(words.buffer);
const float32 = new Float32Array(words.buffer);

function binade(x: number, machine: ArithmeticName): number {
  if (machine === "float32") {
    float32[0] = x;
    words[0] &= 0x7f800000;
    return float32[0];
  }
  float64[0] = x;
  words[0] = 0;
  words[1] &= 0x7ff00000;
  return float64[0];
}

function nearest(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

export function evaluate(e: Expr, inputs: readonly number[], machine: ArithmeticName): number {
  const at = (operand: Expr): number => evaluate(operand, inputs, machine);
  const held = (x: number): number => (machine === "float32" ? Math.fround(x) : x);
  switch (e.kind) {
    case "input":
      return inputs[e.input];
    case "constant":
      if (!Object.is(held(e.value), e.value)) throw new RangeError(`constant ${e.value} is not a ${machine}`);
      return e.value;
    case "select":
      return at(e.test) !== 0 ? at(e.a) : at(e.b);
    case "compare": {
      const [a, b] = [at(e.a), at(e.b)];
      const holds = { eq: a === b, ne: a !== b, lt: a < b, le: a <= b, gt: a > b, ge: a >= b }[e.name];
      return holds ? 1 : 0;
    }
    case "unary": {
      const x = at(e.x);
      if (e.name === "abs") return Math.abs(x);
      if (e.name === "floor") return Math.floor(x);
      if (e.name === "ceil") return Math.ceil(x);
      if (e.name === "nearest") return nearest(x);
      if (e.name === "binade") return binade(x, machine);
      break;
    }
    case "binary": {
      const [a, b] = [at(e.a), at(e.b)];
      if (e.name === "add") return held(a + b);
      if (e.name === "sub") return held(a - b);
      if (e.name === "mul") return held(a * b);
      if (e.name === "div") return held(a / b);
      if (e.name === "max") return Math.max(a, b);
      if (e.name === "min") return Math.min(a, b);
      if (e.name === "copysign") return b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a);
      break;
    }
  }
  throw new RangeError(`no rounding needs ${e.kind} ${"name" in e ? e.name : ""}`);
}
