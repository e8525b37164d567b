/** Limits, signed zeros, NaN, exact values, ends of ranges, and the sharing of nodes. */
import { describe, expect, it } from "vitest";
import * as ir from "../../src/ir/expression.ts";
import { hasFunctions } from "../../src/ir/expression-class.ts";
import { expandFunctions } from "../../src/ir/functions/index.ts";
import { evaluator } from "./evaluate.ts";

const x = ir.input(0);
const inf = Number.POSITIVE_INFINITY;
const tiny = 2 ** -1074;
const largest = Number.MAX_VALUE;

/** Argument and exact value; `toBe` tells -0 from +0. */
const cases: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  exp: [
    [0, 1],
    [-0, 1],
    [inf, inf],
    [-inf, 0],
    [NaN, NaN],
    [710, inf],
    [709.782712893384, 1.7976931348622732e308],
    [-746, 0],
    [-745.13, tiny],
    [largest, inf],
    [-largest, 0],
    [tiny, 1],
    [1, Math.E],
  ],
  expm1: [
    [0, 0],
    [-0, -0],
    [inf, inf],
    [-inf, -1],
    [NaN, NaN],
    [tiny, tiny],
    [-tiny, -tiny],
    [1e-20, 1e-20],
    [-40, -1],
    [710, inf],
    [-largest, -1],
  ],
  log: [
    [0, -inf],
    [-0, -inf],
    [1, 0],
    [inf, inf],
    [-1, NaN],
    [-inf, NaN],
    [NaN, NaN],
    [tiny, -744.4400719213812],
    [largest, 709.782712893384],
    [-tiny, NaN],
  ],
  log1p: [
    [0, 0],
    [-0, -0],
    [-1, -inf],
    [-1.5, NaN],
    [inf, inf],
    [-inf, NaN],
    [NaN, NaN],
    [tiny, tiny],
    [-tiny, -tiny],
    [1e-17, 1e-17],
    [largest, 709.782712893384],
  ],
  tanh: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [NaN, NaN],
    [tiny, tiny],
    [22, 1],
    [-largest, -1],
  ],
  erf: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [NaN, NaN],
    [6, 1],
    [-6, -1],
    [-largest, -1],
  ],
  erfc: [
    [0, 1],
    [-0, 1],
    [inf, 0],
    [-inf, 2],
    [NaN, NaN],
    [28, 0],
    [-6, 2],
    [largest, 0],
    [-largest, 2],
    [tiny, 1],
  ],
};

const functions = {
  exp: ir.exp,
  expm1: ir.expm1,
  log: ir.log,
  log1p: ir.log1p,
  tanh: ir.tanh,
  erf: ir.erf,
  erfc: ir.erfc,
};

describe("special values", () => {
  for (const [name, f] of Object.entries(functions)) {
    it(`${name}`, () => {
      const evaluate = evaluator(f(x));
      for (const [argument, value] of cases[name]) expect(evaluate(argument), `${name}(${argument})`).toBe(value);
    });
  }

  it("log is exact at powers of two up to rounding", () => {
    const evaluate = evaluator(ir.log(x));
    for (const k of [-1074, -1023, -1022, -1, 1, 52, 1023]) expect(evaluate(2 ** k)).toBe(k * Math.LN2);
  });

  it("odd functions are odd, and grow on both sides of each seam", () => {
    const seams = {
      tanh: [2 ** -54, 0.17, 22],
      erf: [0.84375, 1.25, 1 / 0.35, 6],
      erfc: [0.5, 0.84375, 1.25, 1 / 0.35],
    };
    for (const [name, points] of Object.entries(seams)) {
      const evaluate = evaluator(functions[name as keyof typeof seams](x));
      for (const at of points) {
        const [below, above] = [evaluate(at * (1 - 2 ** -50)), evaluate(at * (1 + 2 ** -50))];
        expect(name === "erfc" ? below >= above : below <= above, `${name} at ${at}`).toBe(true);
        if (name !== "erfc") expect(evaluate(-at)).toBe(-evaluate(at));
      }
    }
  });
});

describe("pow", () => {
  const pow = evaluator(ir.pow(ir.input(0), ir.input(1)));
  const limits: readonly (readonly [number, number, number])[] = [
    [NaN, 0, 1],
    [inf, -0, 1],
    [1, NaN, 1],
    [1, inf, 1],
    [NaN, 1, NaN],
    [2, NaN, NaN],
    [-1, NaN, NaN],
    [0, NaN, NaN],
    [-1, inf, 1],
    [-1, -inf, 1],
    [2, inf, inf],
    [2, -inf, 0],
    [0.5, inf, 0],
    [0.5, -inf, inf],
    [-2, inf, inf],
    [-0.5, inf, 0],
    [0, 3, 0],
    [-0, 3, -0],
    [-0, 2, 0],
    [-0, 0.5, 0],
    [0, -3, inf],
    [-0, -3, -inf],
    [-0, -2, inf],
    [-0, -0.5, inf],
    [inf, 2, inf],
    [inf, -2, 0],
    [-inf, 3, -inf],
    [-inf, 2, inf],
    [-inf, 0.5, inf],
    [-inf, -3, -0],
    [-inf, -2, 0],
    [-inf, -0.5, 0],
    [-inf, inf, inf],
    [0, inf, 0],
    [0, -inf, inf],
    [-8, 1 / 3, NaN],
    [-2, 0.5, NaN],
    [-2, 3, -8],
    [-2, 2, 4],
    [-2, -1, -0.5],
    [-1, 3, -1],
    [-1, 2 ** 53, 1],
    [3, 4, 81],
    [10, 15, 1e15],
    [7, 18, 7 ** 18],
    [4, 0.5, 2],
    [2, 1023, 2 ** 1023],
    [2, -1074, tiny],
    [2, -1075, 0],
    [2, -1076, 0],
    [2, 1024, inf],
    [tiny, 1, tiny],
    [tiny, -1, inf],
    [largest, 1, largest],
    [largest, 2, inf],
    [1.5, 1e300, inf],
    [1 + 2 ** -52, 1e300, inf],
    [1 - 2 ** -53, 1e300, 0],
    [3, tiny, 1],
    [-3, largest, inf],
  ];
  it("limits and exact values", () => {
    for (const [a, b, value] of limits) expect(pow(a, b), `pow(${a}, ${b})`).toBe(value);
  });
  it("x^1 is x", () => {
    for (const a of [0.1, 1 / 3, 2 ** -1060 / 3, 1e300, -7.7]) expect(pow(a, 1)).toBe(a);
  });
});

describe("expandFunctions", () => {
  it("leaves no function, nested ones included, and keeps expressions without functions as they are", () => {
    const nested = ir.exp(ir.neg(ir.log1p(ir.pow(x, ir.tanh(x)))));
    expect(hasFunctions(expandFunctions(nested))).toBe(false);
    const plain = ir.max(ir.add(x, ir.one), ir.zero);
    expect(expandFunctions(plain)).toBe(plain);
  });
  it("expands a shared node once", () => {
    const shared = ir.exp(x);
    const sum = expandFunctions(ir.add(shared, ir.mul(shared, shared)));
    const { a, b } = sum as { a: ir.Expr; b: ir.Expr };
    expect(ir.operandsOf(b)).toEqual([a, a]);
    expect(ir.operandsOf(b)[0]).toBe(a);
  });
  it("stays small enough for generated code", () => {
    const sizes = Object.values(functions).map((f) => {
      let count = 0;
      ir.visit(expandFunctions(f(x)), () => {
        count += 1;
      });
      return count;
    });
    expect(Math.max(...sizes)).toBeLessThan(400);
  });
});
