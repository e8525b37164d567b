/** Maps and the printer of expressions, bit for bit against the reference. */
import fc from "fast-check";
import { test } from "vitest";
import * as e from "../../src/ir/expression.ts";
import type { Loop } from "../../src/ir/loops.ts";
import { awkward, expectAgreement, formatNames, sample, testNative } from "./agree.ts";
import { access, mapOf, type Strided, shapes, single, store } from "./kernels.ts";

const roundings = ["zero", "up", "down", "stochastic"] as const;

const [x, y] = [e.input(0), e.input(1)];
const named: Record<string, e.Expr> = {
  add: e.add(x, y),
  sub: e.sub(x, y),
  mul: e.mul(x, y),
  div: e.div(x, y),
  sqrt: e.sqrt(x),
  max: e.max(x, y),
  min: e.min(x, y),
  maxZero: e.max(x, e.constant(0)),
  maxMinusZero: e.max(e.constant(-0), x),
  minZero: e.min(x, e.constant(0)),
  minMinusZero: e.min(x, e.constant(-0)),
  clamp: e.min(e.max(x, e.option(-0.1)), e.option(1.7)),
  maxNaN: e.max(x, e.constant(NaN)),
  copysign: e.copysign(x, y),
  integers: e.add(e.floor(x), e.sub(e.nearest(y), e.mul(e.ceil(x), e.trunc(y)))),
  exact: e.abs(e.neg(e.floor(x))),
  binade: e.binade(x),
  pow2: e.pow2(e.max(e.min(e.nearest(x), e.constant(9)), e.constant(-9))),
  relu: e.select(
    e.gt(x, e.zero),
    y,
    e.select(e.eq(x, e.zero), e.mul(e.choice("alpha"), y), e.select(e.isNan(x), y, e.zero)),
  ),
  tests: e.select(e.both(e.gt(x, e.zero), e.le(y, e.one)), e.add(x, y), e.neg(x)),
  testAsNumber: e.mul(e.add(e.lt(x, y), e.ge(x, y)), x),
  composite: e.add(e.mul(x, y), e.div(x, e.add(e.abs(y), e.one))),
  sigmoid: e.div(e.one, e.add(e.one, e.exp(e.neg(x)))),
  index: e.add(e.index(0), x),
  shared: ((s: e.Expr) => e.mul(s, e.add(s, s)))(e.add(x, y)),
};

test.each(formatNames)("named expressions agree in %s, every rounding", (format) => {
  for (const expr of Object.values(named)) {
    for (const rounding of ["nearest", ...roundings] as const) {
      for (const flush of rounding === "nearest" ? [false, true] : [false]) {
        expectAgreement(mapOf(expr, 2, 47), { store: format, rounding, flush }, (name, size) =>
          sample(size, name === "in0" ? 1 : 2),
        );
      }
    }
  }
});

test("all pairs of awkward numbers", () => {
  const pairs = awkward.flatMap((a) => awkward.map((b) => [a, b]));
  for (const format of formatNames) {
    for (const expr of [
      named.add,
      named.mul,
      named.div,
      named.max,
      named.min,
      named.relu,
      named.copysign,
      named.tests,
    ]) {
      expectAgreement(mapOf(expr, 2, pairs.length), format, (name) =>
        pairs.map((pair) => pair[name === "in0" ? 0 : 1]),
      );
    }
  }
});

test.each(["exp", "expm1", "log", "log1p", "tanh", "erf", "erfc"] as const)(
  "function %s agrees in every format",
  (name) => {
    const expr: e.Expr = { kind: "unary", name, x };
    for (const format of formatNames) expectAgreement(mapOf(expr, 1, 70), format, (_, size) => sample(size, 5, 20));
    expectAgreement(mapOf(expr, 1, 33), { store: "float16", rounding: "down" });
  },
);

test("pow agrees", () => {
  for (const format of ["float64", "float32", "bfloat16"]) {
    expectAgreement(mapOf(e.pow(x, y), 2, 300), format, (name, size) => sample(size, name === "in0" ? 1 : 2));
  }
});

const leaf = fc.oneof(
  fc.constantFrom(x, y, e.choice("alpha"), e.index(0)),
  fc.constantFrom(...awkward).map(e.constant),
  fc.double({ noNaN: true, min: -4, max: 4 }).map(e.constant),
  fc.double({ noNaN: true, min: -4, max: 4 }).map(e.option),
);
const expression = fc.letrec<{ any: e.Expr; test: e.Expr }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom(e.add, e.sub, e.mul, e.div, e.min, e.max, e.copysign), tie("any"), tie("any"))
      .map(([f, a, b]) => f(a, b)),
    fc
      .tuple(fc.constantFrom(e.neg, e.abs, e.sqrt, e.floor, e.ceil, e.trunc, e.nearest), tie("any"))
      .map(([f, a]) => f(a)),
    fc.tuple(tie("test"), tie("any"), tie("any")).map(([t, a, b]) => e.select(t, a, b)),
    tie("test"),
  ),
  test: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(fc.constantFrom(e.eq, e.ne, e.lt, e.le, e.gt, e.ge), leaf, leaf).map(([f, a, b]) => f(a, b)),
    fc.tuple(tie("test"), tie("test"), tie("test")).map(([t, a, b]) => e.select(t, a, b)),
    fc.tuple(tie("test"), tie("test")).map(([a, b]) => e.both(a, b)),
    fc.tuple(tie("test"), tie("test")).map(([a, b]) => e.select(a, e.one, b)),
  ),
})).any;

test("random expressions agree", () => {
  const run = (expr: e.Expr, format: string, size: number, rounding: "nearest" | "up" | "stochastic"): void => {
    expectAgreement(mapOf(expr, 2, size), { store: format, rounding }, (name, n) => sample(n, name === "in0" ? 3 : 4));
  };
  const rounding = fc.constantFrom("nearest", "nearest", "nearest", "up", "stochastic") as fc.Arbitrary<
    "nearest" | "up" | "stochastic"
  >;
  const property = fc.property(
    expression,
    fc.constantFrom(...formatNames),
    fc.integer({ min: 1, max: 21 }),
    rounding,
    run,
  );
  fc.assert(property, { seed: 20251, numRuns: 600 });
});

test("tests and counts as bool and int32", () => {
  for (const format of formatNames) {
    for (const type of ["bool", "int32"]) {
      expectAgreement(mapOf(e.eq(x, e.zero), 1, 13, type), format);
      expectAgreement(mapOf(e.select(e.lt(x, y), e.one, e.gt(y, e.one)), 2, 13, type), format);
    }
  }
});

test("strided maps agree", () => {
  const cases = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), access(shape), access(shape), fc.constantFrom(...formatNames)),
  );
  const run = ([shape, a, b, format]: [number[], Strided, Strided, string]): void => {
    const loop: Loop = {
      loop: "map",
      node: 1,
      shape,
      inputs: [a, b].map(({ strides, offset }, value) => ({ value, strides, offset })),
      outputs: [
        { value: 2, expr: e.add(x, y) },
        { value: 3, expr: e.gt(x, y) },
        { value: 4, expr: shape.length > 0 ? e.index(shape.length - 1) : e.max(x, y) },
      ],
    };
    const results = [store(...shape), { shape, type: "int32" }, store(...shape)];
    expectAgreement(single([store(a.size), store(b.size)], results, loop), format);
  };
  fc.assert(fc.property(cases, run), { seed: 7, numRuns: 400 });
});

/** Numbers of every magnitude of float32, subnormals and the largest included. */
function everyMagnitude(count: number, seed: number): number[] {
  const fractions = sample(count, seed, 1, Infinity);
  return fractions.map((fraction, i) => (1 + Math.abs(fraction)) * Math.sign(fraction) * 2 ** (((i * 37) % 279) - 150));
}

test("short formats with the exponents of float32: sums and conversions near overflow and among the subnormals", () => {
  const size = 4000;
  const fill = (name: string): number[] => {
    const numbers = everyMagnitude(size, 9);
    // Second operands of like magnitude, so that sums cancel and carry.
    return name === "in0" ? numbers : numbers.map((v, i) => -v * (1 + ((i % 9) - 4) / 128));
  };
  for (const format of ["bfloat16", "tfloat32", "float16", "float8_e4m3", "float8_e5m2", "custom(8,3)"]) {
    for (const flush of [false, true]) {
      for (const expr of [named.add, named.sub, e.sub(e.abs(x), y)]) {
        expectAgreement(mapOf(expr, 2, size), { store: format, flush }, fill);
      }
      const cast = mapOf(x, 1, size);
      const values = cast.values.map((type, i) => (i === 0 ? { ...type, type: "float32" } : type));
      expectAgreement({ ...cast, values }, { store: format, flush }, fill);
    }
  }
});

testNative();
