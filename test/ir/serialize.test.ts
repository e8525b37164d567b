import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinedPullback } from "../../src/autodiff/index.ts";
import { DataError } from "../../src/base/errors.ts";
import type { Expr } from "../../src/ir/expression.ts";
import { expressionFromJson, expressionToJson } from "../../src/ir/expression-json.ts";
import { showExpression } from "../../src/ir/expression-text.ts";
import type { Json, Program } from "../../src/ir/program.ts";
import { deserialize, serialize } from "../../src/ir/serialize.ts";
import { trace } from "../../src/ir/trace.ts";
import { programFromText } from "../../src/ops/check-program.ts";
import { constant, gelu, leakyRelu, mul } from "../../src/ops/index.ts";

const number = fc.oneof(fc.double(), fc.constantFrom(-0, Number.NaN, Infinity, -Infinity));
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, number, fc.string(), fc.boolean(), fc.constant(null), fc.array(tie("value"))),
})).value;

const expression: fc.Arbitrary<Expr> = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 5 },
    fc.record({ kind: fc.constant("input" as const), input: fc.nat(3) }),
    fc.record({ kind: fc.constantFrom("constant" as const, "option" as const), value: number }),
    fc.record({ kind: fc.constant("choice" as const), name: fc.constant("relu.zero@3") }),
    fc.record({
      kind: fc.constant("unary" as const),
      name: fc.constantFrom("neg" as const, "exp" as const),
      x: tie("e"),
    }),
    fc.record({
      kind: fc.constant("binary" as const),
      name: fc.constantFrom("add" as const, "max" as const),
      a: tie("e"),
      b: tie("e"),
    }),
    fc.record({ kind: fc.constant("compare" as const), name: fc.constant("lt" as const), a: tie("e"), b: tie("e") }),
    fc.record({ kind: fc.constant("select" as const), test: tie("e"), a: tie("e"), b: tie("e") }),
  ),
})).e;

const settings = { seed: 7, numRuns: 100 };

describe("programs as text", () => {
  test("every JSON option, choice and output comes back, -0, NaN and infinities included", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), number, (options, choice) => {
        const program: Program = {
          values: [
            { shape: [2, 0], type: "store" },
            { shape: [], type: "int32" },
          ],
          inputs: [{ name: "x", value: 0 }],
          outputs: [{ name: "y", value: 1, alias: "x" }],
          nodes: [{ id: 4, op: "any", inputs: [0], outputs: [1], options, source: "a.ts:1:2" }],
          choices: [{ name: "relu.zero@4", value: choice }],
        };
        expect(deserialize(serialize(program))).toEqual(program);
      }),
      settings,
    );
  });

  test("a pullback with expressions and constants comes back", () => {
    const program = trace(({ x }) => gelu(leakyRelu(mul(x, constant([-0, 2], [2])), -0)), { x: [3, 2] });
    for (const each of [program, joinedPullback(program)]) expect(deserialize(serialize(each))).toEqual(each);
  });

  test("damaged text is refused with the place", () => {
    const text = serialize(trace(({ x }) => mul(x, x), { x: [2] }));
    const damaged =
      (from: string, to: string): (() => Program) =>
      () =>
        deserialize(text.replace(from, to));
    expect(damaged("{", "")).toThrow(DataError);
    expect(damaged('"version":1', '"version":9')).toThrow("program: version 9, expected 1");
    expect(damaged('"inputs":[0,0]', '"inputs":[0,7]')).toThrow(
      "program.nodes[0].inputs[1]: found 7, expected a value below 2",
    );
    expect(damaged('"inputs":[0,0]', '"inputs":[0,1]')).toThrow("value %1 is used before anything defines it");
    expect(damaged('"outputs":[1]', '"outputs":[0]')).toThrow("value %0 is defined twice");
    expect(damaged('"op":"mul"', '"op":3')).toThrow("program.nodes[0].op: found 3, expected text");
    expect(damaged('"shape":[2]', '"shape":[2.5]')).toThrow("program.values[0].shape[0]: found 2.5");
  });
});

describe("programs from elsewhere", () => {
  const text = serialize(trace(({ x }) => leakyRelu(x, 0.5), { x: [2] }));
  const damaged =
    (from: string, to: string): (() => Program) =>
    () =>
      programFromText(text.replace(from, to));

  test("are checked against the ops", () => {
    expect(serialize(programFromText(text))).toBe(text);
    expect(damaged('"leakyRelu"', '"leakyRlu"')).toThrow("program: unknown op 'leakyRlu'; did you mean leakyRelu?");
    expect(damaged('"slope"', '"slop"')).toThrow("unknown option of leakyRelu 'slop'; did you mean slope?");
    expect(damaged('"slope":0.5', '"slope":"a"')).toThrow('leakyRelu: slope is "a", expected a number');
    expect(damaged('"inputs":[0]', '"inputs":[0,0]')).toThrow("leakyRelu: 2 operands, expected (x)");
    expect(damaged('"shape":[2]', '"shape":[3]')).toThrow("node 0 (leakyRelu): declares store[2], expected store[3]");
  });
});

describe("expressions as JSON", () => {
  test("come back with the same meaning", () => {
    fc.assert(
      fc.property(expression, (e) => {
        const text = expressionToJson(e);
        const back = expressionFromJson(text);
        expect(back).toEqual(e);
        expect(expressionToJson(back)).toEqual(text);
      }),
      settings,
    );
  });

  test("equal subexpressions are written once", () => {
    const x: Expr = { kind: "input", input: 0 };
    const square = (): Expr => ({ kind: "binary", name: "mul", a: x, b: { ...x } });
    const sum: Expr = { kind: "binary", name: "add", a: square(), b: square() };
    expect(expressionToJson(sum)).toEqual([
      ["input", 0],
      ["mul", 0, 0],
      ["add", 1, 1],
    ]);
    expect(showExpression(sum)).toBe("(x0 * x0) + (x0 * x0)");
  });

  test("anything else is refused", () => {
    for (const bad of [[], [["sin", 0]], [["neg", 0]], [["add", 1, 1]], ["x"], 3]) {
      expect(() => expressionFromJson(bad)).toThrow(/expression: /);
    }
  });
});
