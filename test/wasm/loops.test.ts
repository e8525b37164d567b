/** Reductions, moves, gathers, contractions and the engine itself, bit for bit against the reference. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { wasm } from "../../src/backends/wasm/index.ts";
import { UsageError } from "../../src/base/errors.ts";
import { sizeOf, stridesOf } from "../../src/base/shape.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import * as e from "../../src/ir/expression.ts";
import type { Kernel, Loop } from "../../src/ir/loops.ts";
import { expectAgreement, formatNames, sample, testNative } from "./agree.ts";
import { access, mapOf, shapes, single, store, whole } from "./kernels.ts";

const [x, y] = [e.input(0), e.input(1)];

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

test("a result that does not depend on what was combined", () => {
  for (const finish of [e.constant(2), e.choice("alpha")]) {
    const inputs = [{ value: 0, strides: [9, 1], offset: 0 }];
    const reduce = { loop: "reduce", node: 1, outer: [40], reduced: [9], inputs, element: x, combine: "sum" } as const;
    const kernel = single([store(40, 9)], [store(40)], { ...reduce, finish, output: 1 }, [
      { name: "alpha", value: 0.7 },
    ]);
    for (const format of ["float32", "float16"]) expectAgreement(kernel, format);
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
    m: [m],
    n: [n],
    k: [k],
    a: whole(0, a),
    b: { value: 1, strides: columns, offset: 0 },
    ...(bias ? { bias: { value: 2, strides: [...batch.map(() => 0), 0, 1], offset: 0 } } : {}),
    output: whole(3, [...batch, m, n]),
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

testNative();
