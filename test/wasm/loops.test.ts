import fc from "fast-check";
import { expect, test } from "vitest";
import { wasm } from "../../src/backends/wasm/index.ts";
import { UsageError } from "../../src/base/errors.ts";
import { sizeOf, stridesOf } from "../../src/base/shape.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import * as e from "../../src/ir/expression.ts";
import type { Access, Kernel, Loop, ValueType } from "../../src/ir/loops.ts";
import { awkward, expectAgreement, formatNames, sample } from "./agree.ts";

const roundings = ["zero", "up", "down", "stochastic"] as const;

/** A kernel of one loop: inputs a, b, ... then outputs y, z, ... */
function single(inputs: ValueType[], outputs: ValueType[], loop: Loop, choices: Kernel["choices"] = []): Kernel {
  return {
    values: [...inputs, ...outputs],
    inputs: inputs.map((_, value) => ({ name: `in${value}`, value })),
    outputs: outputs.map((_, i) => ({ name: `out${i}`, value: inputs.length + i })),
    loops: [loop],
    choices,
  };
}

const store = (...shape: number[]): ValueType => ({ shape, type: "store" });
const whole = (value: number, shape: readonly number[]): Access => ({ value, strides: stridesOf(shape), offset: 0 });

function mapOf(expr: e.Expr, inputs: number, size: number, type = "store"): Kernel {
  const loop: Loop = {
    loop: "map",
    node: 7,
    shape: [size],
    inputs: Array.from({ length: inputs }, (_, i) => whole(i, [size])),
    outputs: [{ value: inputs, expr }],
  };
  const choices = [{ name: "alpha", value: 0.3 }];
  return single(
    Array.from({ length: inputs }, () => store(size)),
    [{ shape: [size], type }],
    loop,
    choices,
  );
}

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

interface Strided {
  readonly strides: number[];
  readonly offset: number;
  readonly size: number;
}

/** Strided accesses that stay inside a base array. */
const access = (shape: readonly number[]): fc.Arbitrary<Strided> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: -3, max: 7 }), { minLength: shape.length, maxLength: shape.length }),
      fc.integer({ min: 0, max: 5 }),
      fc.boolean(),
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    )
    .map(([random, pad, rowMajor, repeat]) => {
      const strides = (rowMajor ? stridesOf(shape) : random).map((stride, axis) =>
        repeat[axis] && axis > 0 ? 0 : stride,
      );
      const reach = (sign: number): number =>
        strides.reduce((sum, stride, axis) => sum + (stride * sign > 0 ? stride * (shape[axis] - 1) : 0), 0);
      const offset = pad - reach(-1);
      return { strides, offset, size: offset + reach(1) + 1 };
    });
const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });

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

test("reductions agree: every block, format, combination and layout", () => {
  const cases = fc
    .tuple(shapes, fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }))
    .chain(([outer, reduced]) =>
      fc.record({
        outer: fc.constant(outer),
        reduced: fc.constant(reduced),
        a: access([...outer, ...reduced].map((extent) => Math.max(1, extent))),
        b: access([...outer, ...reduced].map((extent) => Math.max(1, extent))),
        format: fc.constantFrom(...formatNames),
        accumulate: fc.constantFrom(undefined, "float64", "float32", "float16", "bfloat16"),
        block: fc.constantFrom(1, 3, 32, 256, Infinity),
        combine: fc.constantFrom("sum", "max", "min") as fc.Arbitrary<"sum" | "max" | "min">,
        element: fc.constantFrom(x, e.mul(x, y), e.max(x, y), e.sub(e.mul(x, x), y)),
        finish: fc.constantFrom(
          undefined,
          e.div(x, e.constant(7)),
          e.sqrt(e.abs(x)),
          e.add(e.mul(x, x), e.choice("alpha")),
        ),
        type: fc.constantFrom("store", "store", "int32"),
        rounding: fc.constantFrom("nearest", "nearest", "nearest", "down", "stochastic") as fc.Arbitrary<
          "nearest" | "down" | "stochastic"
        >,
        index: fc.boolean(),
      }),
    );
  fc.assert(
    fc.property(cases, (c) => {
      const counts = c.type === "int32" && c.combine === "sum";
      const rank = c.outer.length + c.reduced.length;
      const indexed = c.index && rank > 0 ? e.add(c.element, e.index(rank - 1)) : c.element;
      const loop: Loop = {
        loop: "reduce",
        node: 4,
        outer: c.outer,
        reduced: c.reduced,
        inputs: [c.a, c.b].map(({ strides, offset }, value) => ({ value, strides, offset })),
        element: counts ? e.gt(x, y) : indexed,
        combine: c.combine,
        ...(c.finish && c.type === "store" ? { finish: c.finish } : {}),
        output: 2,
      };
      const kernel = single([store(c.a.size), store(c.b.size)], [{ shape: c.outer, type: c.type }], loop, [
        { name: "alpha", value: 0.7 },
      ]);
      const finite = c.type === "int32" && !counts;
      fc.pre(!finite || !c.reduced.includes(0));
      const { block, rounding } = c;
      const spec = { store: c.format, block, rounding, ...(c.accumulate ? { accumulate: c.accumulate } : {}) };
      expectAgreement(kernel, spec, (name, n) => sample(n, name === "in0" ? 1 : 2, 2, finite ? 1e9 : 8));
    }),
    { seed: 11, numRuns: 600 },
  );
});

test.each(["float32", "float16", "float64"])("large reductions agree in %s", (format) => {
  const [rows, columns] = [70, 300];
  const elements: [string, e.Expr][] = [
    ["store", x],
    ["int32", e.le(x, e.zero)],
  ];
  for (const [type, element] of elements) {
    for (const [outer, reduced, strides] of [
      [[rows], [columns], [columns, 1]],
      [[columns], [rows], [1, columns]],
      [[], [rows, columns], [columns, 1]],
      [[columns, rows], [], [1, columns]],
    ]) {
      for (const combine of type === "int32" ? (["sum"] as const) : (["sum", "max"] as const)) {
        const inputs = [{ value: 0, strides, offset: 0 }];
        const loop: Loop = { loop: "reduce", node: 1, outer, reduced, inputs, element, combine, output: 1 };
        expectAgreement(single([store(rows, columns)], [{ shape: outer, type }], loop), { store: format, block: 32 });
      }
    }
  }
});

test("moves agree: transposes, concatenation, holes", () => {
  for (const format of ["float32", "float64"]) {
    for (const type of ["store", "int32"]) {
      const from = { shape: [6, 7], type };
      const transpose = { value: 0, strides: [1, 7], offset: 0 };
      const piece = { at: [1, 2], shape: [7, 6], from: transpose };
      const second = { at: [0, 2], shape: [1, 5], from: { value: 0, strides: [0, 2], offset: 3 } };
      const loop: Loop = { loop: "move", node: 1, shape: [8, 9], pieces: [piece, second], output: 1 };
      expectAgreement(single([from], [{ shape: [8, 9], type }], loop), format);
      const rows: Loop = {
        ...loop,
        shape: [2, 7],
        pieces: [{ at: [0, 0], shape: [2, 7], from: { value: 0, strides: [7, 1], offset: 7 } }],
      };
      expectAgreement(single([from], [{ shape: [2, 7], type }], rows), format);
    }
  }
});

function gatherOf(mode: "gather" | "scatter", outer: number, rows: number, count: number, inner: number): Kernel {
  const [from, to] = mode === "gather" ? [rows, count] : [count, rows];
  const loop: Loop = { loop: "gather", node: 2, mode, outer, rows, count, inner, table: 0, indices: 1, output: 2 };
  return single([store(outer, from, inner), { shape: [count], type: "int32" }], [store(outer, to, inner)], loop);
}

test("gathers and scatters agree", () => {
  const size = fc.integer({ min: 1, max: 11 });
  const format = fc.constantFrom(...formatNames);
  const block = fc.constantFrom(1, 2, 256);
  const rounding = fc.constantFrom("nearest", "nearest", "up", "stochastic") as fc.Arbitrary<
    "nearest" | "up" | "stochastic"
  >;
  const run = (
    outer: number,
    rows: number,
    count: number,
    inner: number,
    f: string,
    b: number,
    r: "nearest" | "up" | "stochastic",
  ): void => {
    for (const mode of ["gather", "scatter"] as const) {
      const fill = (name: string, n: number): number[] =>
        name === "in0" ? sample(n, 5) : Array.from({ length: n }, (_, i) => (i * 7 + 3) % rows);
      expectAgreement(gatherOf(mode, outer, rows, count, inner), { store: f, block: b, rounding: r }, fill);
    }
  };
  const few = fc.integer({ min: 1, max: 3 });
  fc.assert(fc.property(few, size, size, size, format, block, rounding, run), { seed: 3, numRuns: 200 });
});

test("an index outside the table is a UsageError that names it", () => {
  const engine = wasm.compile({ k: gatherOf("gather", 1, 4, 3, 2) }, precision("float32"));
  for (const bad of [-1, 4]) {
    engine.write("in1", [0, bad, 1]);
    expect(() => engine.run("k")).toThrow(UsageError);
    expect(() => engine.run("k")).toThrow(`index ${bad} is outside 0 .. 3`);
  }
});

test("an arena that does not fit is refused with its size", () => {
  const size = 2 ** 30;
  const kernel = mapOf(e.neg(x), 1, size);
  expect(() => wasm.compile({ kernel }, precision("float32"))).toThrow(/8192 MiB/);
});

test("choices are rounded, set per kernel, and unknown ones refused", () => {
  const kernel = mapOf(e.select(e.eq(x, e.zero), e.choice("alpha"), x), 1, 5);
  const engine = wasm.compile({ p: kernel }, precision("float16"));
  engine.write("in0", [1, 0, -0, 2, NaN]);
  engine.setChoice("alpha", 1 / 3);
  engine.run("p");
  expect([...engine.buffer("out0")]).toEqual([1, 0.333251953125, 0.333251953125, 2, NaN]);
  expect(() => engine.setChoice("alhpa", 1)).toThrow("did you mean alpha?");
  expect(sizeOf(kernel.values[0].shape)).toBe(5);
});

function contractOf(batch: number[], m: number, n: number, k: number, transposed: boolean, bias: boolean): Kernel {
  const a = [...batch, m, k];
  const b = [...batch, ...(transposed ? [n, k] : [k, n])];
  const strides = stridesOf(b);
  const columns = transposed ? [...strides.slice(0, -2), 1, k] : strides;
  const loop: Loop = {
    loop: "contract",
    node: 5,
    batch,
    m,
    n,
    k,
    a: whole(0, a),
    b: { value: 1, strides: columns, offset: 0 },
    ...(bias ? { bias: { value: 2, strides: [1], offset: 0 } } : {}),
    output: 3,
  };
  return single([store(...a), store(...b), store(n)], [store(...batch, m, n)], loop);
}

test("contractions agree in the engine, also in precisions that the packed kernel declines", () => {
  const specs: PrecisionSpec[] = [
    ...formatNames.map((format) => ({ store: format })),
    { store: "float32", operands: "tfloat32" },
    { store: "float32", arithmetic: "fused" },
    { store: "float64", arithmetic: "fused", block: 4 },
    { store: "float16", accumulate: "float16", bias: "rounded" },
    { store: "float16", rounding: "stochastic" },
    { store: "float32", rounding: "up", block: 3 },
    { store: "custom(9,30)", block: Infinity, flush: true },
  ];
  for (const spec of specs) {
    for (const bias of [false, true]) {
      expectAgreement(contractOf([2], 5, 7, 9, bias, bias), spec, (name, n) => sample(n, name.length + n, 2, 30));
      expectAgreement(contractOf([], 3, 4, 0, bias, bias), spec);
    }
  }
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
