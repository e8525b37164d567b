import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { parseFormula } from "../../src/cli/expression-parser.ts";
import { nested, parseValue } from "../../src/cli/values.ts";

describe("expressions", () => {
  test("operators become ops, options are trailing", () => {
    expect(parseFormula("relu(x) - -2*clamp(y, low=-1, axes=[0, 1], to=float16)")).toEqual({
      kind: "call",
      op: "sub",
      options: {},
      operands: [
        { kind: "call", op: "relu", options: {}, operands: [{ kind: "name", name: "x" }] },
        {
          kind: "call",
          op: "mul",
          options: {},
          operands: [
            { kind: "number", value: -2 },
            {
              kind: "call",
              op: "clamp",
              operands: [{ kind: "name", name: "y" }],
              options: { low: -1, axes: [0, 1], to: "float16" },
            },
          ],
        },
      ],
    });
    expect(parseFormula("-0")).toEqual({ kind: "number", value: -0 });
    expect(parseFormula("NaN")).toEqual({ kind: "number", value: Number.NaN });
  });

  test.each([
    "",
    " ",
    "x++",
    "a=b=2",
    "a = 2",
    "x if y",
    "x ^ 2",
    "x ** 2",
    "x ? 1 : 2",
    "x.y",
    "x[0]",
    "this",
    "'x'",
    "true",
    "[x]",
    "f(x)(y)",
    "a.b(x)",
    "!x",
    "~x",
    "+x",
    "x, y",
    "x; y",
    "relu(x",
    "relu(low=1, x)",
    "relu(x, low=y()) ",
    "relu(x, low+=1)",
    "relu(x, a=1, a=2)",
    "process.exit(1)",
    "constructor.constructor('1')()",
    "x == 1",
    "x && y",
    "1 +",
    "relu(x, [1,2])",
    "toString - hasOwnProperty ^ 1",
  ])("%j is refused", (text) => {
    expect(() => parseFormula(text)).toThrow(UsageError);
  });

  test("deep nesting is refused, not a crash", () => {
    expect(() => parseFormula(`${"(".repeat(100_000)}x${")".repeat(100_000)}`)).toThrow(UsageError);
  });

  test("any text gives a formula or a usage error", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."xy01.()[]+-*/=, '\"?:!&|^%`{};<>") }), (text) => {
        try {
          parseFormula(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe("values", () => {
  test("numbers and nested arrays", () => {
    expect(parseValue("-0", "x")).toEqual({ shape: [], data: [-0] });
    expect(parseValue('[[1, "NaN"], [-Infinity, -0]]', "x")).toEqual({
      shape: [2, 2],
      data: [1, Number.NaN, -Infinity, -0],
    });
    expect(parseValue("[]", "x")).toEqual({ shape: [0], data: [] });
    expect(nested([1, 2, 3, 4], [2, 2])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(nested([7], [])).toBe(7);
  });

  test.each([
    ["[1, [2]]", "ragged"],
    ["[[1], 2]", "ragged"],
    ["[[1, 2], [3]]", "ragged"],
    ["[1,", "expected a number or nested"],
    ["abc", "expected a number"],
    ["", "expected a number"],
    ["[null]", "expected a number"],
    ['["a"]', "expected a number"],
  ])("%s is refused", (text, message) => {
    expect(() => parseValue(text, "x")).toThrow(message);
  });
});
