/** Errors against committed 200-bit references; the table docs/functions.md is what this test measures. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as ir from "../../src/ir/expression.ts";
import { evaluator } from "./evaluate.ts";

interface Reference {
  readonly arguments: readonly string[];
  readonly values: string;
  readonly tails: string;
}
interface References {
  readonly mpmath: string;
  readonly functions: Readonly<Record<string, Reference>>;
}

const file = new URL("../vectors/functions.json", import.meta.url);
const references = JSON.parse(readFileSync(file, "utf8")) as References;

/** ulp, claimed: numerics.md asks for 2. */
const claims: Readonly<Record<string, number>> = {
  exp: 1,
  expm1: 1,
  log: 1,
  log1p: 1,
  tanh: 1,
  erf: 1,
  erfc: 2,
  pow: 1,
};

const [x, y] = [ir.input(0), ir.input(1)];
const expressions: Readonly<Record<string, ir.Expr>> = {
  exp: ir.exp(x),
  expm1: ir.expm1(x),
  log: ir.log(x),
  log1p: ir.log1p(x),
  tanh: ir.tanh(x),
  erf: ir.erf(x),
  erfc: ir.erfc(x),
  pow: ir.pow(x, y),
};

function bytes(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text, "base64")).buffer;
}

const float = new DataView(new ArrayBuffer(8));

/** Distance from |x| to the next larger float64. */
function ulp(x: number): number {
  float.setFloat64(0, Math.abs(x));
  float.setBigUint64(0, float.getBigUint64(0) + 1n);
  return float.getFloat64(0) - Math.abs(x);
}

interface Errors {
  points: number;
  worst: number;
  at: readonly number[];
  wrong: number;
}

/** Largest error in ulps of the exact value, and the share of results that are not the nearest float64. */
function measure(name: string): Errors {
  const f = evaluator(expressions[name]);
  const reference = references.functions[name];
  const columns = reference.arguments.map((text) => new Float64Array(bytes(text)));
  const values = new Float64Array(bytes(reference.values));
  const tails = new Float32Array(bytes(reference.tails));
  const errors: Errors = { points: values.length, worst: 0, at: [], wrong: 0 };
  for (const [i, value] of values.entries()) {
    const inputs = columns.map((column) => column[i]);
    const found = f(...inputs);
    const error = Math.abs((found - value) / ulp(value) - tails[i]);
    if (found !== value) errors.wrong += 1;
    if (!(error <= errors.worst)) Object.assign(errors, { worst: error, at: inputs });
  }
  return errors;
}

describe("transcendental functions", () => {
  const rows: string[] = [];
  for (const name of Object.keys(claims)) {
    it(`${name} is within ${claims[name]} ulp`, () => {
      const { points, worst, at, wrong } = measure(name);
      expect(worst, `at ${at.join(", ")}`).toBeLessThanOrEqual(claims[name]);
      rows.push(
        `| ${name} | ${points} | ${worst.toFixed(3)} | ${at.map((v) => v.toPrecision(6)).join(", ")} | ` +
          `${((100 * wrong) / points).toFixed(1)} % | ${claims[name]} |`,
      );
    });
  }

  it("the committed table says what is measured", async () => {
    const table = [
      "# Errors of the transcendental functions",
      "",
      "float64 errors in ulps of the exact value, measured by `test/functions/accuracy.test.ts` against references of 200",
      `bits (mpmath ${references.mpmath}, \`scripts/oracle/functions.py\`) over the whole range, subnormal arguments and`,
      "results included. *Not nearest* is the share of results that differ from the correctly rounded one. float32 and",
      "narrower results are these rounded to float32, then to the format.",
      "",
      "| function | points | largest error | at | not nearest | bound |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows,
      "",
    ];
    await expect(table.join("\n")).toMatchFileSnapshot("../../docs/functions.md");
  });
});
