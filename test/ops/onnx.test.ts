/** Ops against the one-op conformance cases of ONNX (Debian's libonnx-testdata, converted by scripts/oracle/onnx.py), on both backends. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { add, constant, input, mul } from "../../src/ir/expression.ts";
import { expressionToJson } from "../../src/ir/expression-json.ts";
import type { Json, Program } from "../../src/ir/program.ts";
import { applyTraced, type Tensor, trace } from "../../src/ir/trace.ts";
import { batchNorm, ops } from "../../src/ops/index.ts";
import type { Op } from "../../src/ops/op.ts";

interface Encoded {
  readonly type: "float32" | "float64" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly data: string;
}

type Options = Readonly<Record<string, Json>>;

interface Case {
  readonly name: string;
  readonly onnx: string;
  readonly inputs: readonly Encoded[];
  /** Operands are numbers: inputs, then the results of earlier steps. */
  readonly steps: readonly { readonly op: string; readonly inputs: readonly number[]; readonly options: Options }[];
  readonly result: number;
  readonly expected: Encoded;
}

const file = new URL("../vectors/onnx.json", import.meta.url);
const { cases, leftOut } = JSON.parse(readFileSync(file, "utf8")) as {
  cases: readonly Case[];
  leftOut: Readonly<Record<string, string>>;
};

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };

function decode({ type, data }: Encoded): number[] {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return [...new arrays[type](bytes.buffer)];
}

/** What takes more than one op, or a constant. */
const composites: Readonly<Record<string, (x: readonly Tensor[], options: Options) => Tensor>> = {
  "batchNorm in evaluation": ([x, gamma, beta, mean, variance], { eps }) =>
    batchNorm(x, gamma, beta, { eps: eps as number, statistics: { mean, variance } }),
  "elementwise product": ([x], { by }) => elementwise(x, expressionToJson(mul(input(0), constant(by as number)))),
  "elementwise sum": ([x], { by }) => elementwise(x, expressionToJson(add(input(0), constant(by as number)))),
};

const elementwise = (x: Tensor, expr: Json): Tensor => applyTraced(ops.get("elementwise") as Op, [x], { expr })[0];

function programOf({ inputs, steps, result }: Case): Program {
  const specs = inputs.map(({ type, shape }, i) => [
    `x${i}`,
    { shape, type: type.startsWith("float") ? "store" : type },
  ]);
  return trace((tensors) => {
    const values: Tensor[] = inputs.map((_, i) => (tensors as Record<string, Tensor>)[`x${i}`]);
    for (const { op, inputs: operands, options } of steps) {
      const x = operands.map((place) => values[place]);
      values.push(composites[op]?.(x, options) ?? applyTraced(ops.get(op) as Op, x, options)[0]);
    }
    return values[result];
  }, Object.fromEntries(specs));
}

/** ONNX computes in NumPy: float32 results have errors of its own. */
const tolerances = { float32: 4e-6, float64: 1e-12, int32: 0, bool: 0 };

describe.each(["js", "wasm"])("ONNX cases on %s", (backend) => {
  test.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
    const isDouble = [...c.inputs, c.expected].some(({ type }) => type === "float64");
    const program = programOf(c);
    const { shape } = program.values[program.outputs[0].value];
    expect(shape).toEqual(c.expected.shape);
    const engine = compile(program, { precision: isDouble ? "float64" : "float32", backend });
    c.inputs.forEach((encoded, i) => {
      engine.write(`x${i}`, decode(encoded));
    });
    engine.run("program");
    const found = [...engine.buffer("output")];
    engine.dispose();
    const expected = decode(c.expected);
    const size = expected.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
    expected.forEach((y, i) => {
      expect(Math.abs(found[i] - y), `${i}: ${found[i]} for ${y}`).toBeLessThanOrEqual(
        tolerances[c.expected.type] * size,
      );
    });
  });
});

test("the cases cover the ops of convolutional networks; what is left out has a reason", () => {
  const covered = new Set(cases.flatMap(({ steps }) => steps.map(({ op }) => op)));
  for (const op of [
    "conv2d",
    "maxPool2d",
    "avgPool2d",
    "globalAvgPool",
    "globalMaxPool",
    "batchNorm",
    "flatten",
    "pad",
    "concat",
  ]) {
    expect(covered).toContain(op);
  }
  expect(Object.values(leftOut).every((reason) => reason.length > 3)).toBe(true);
});
