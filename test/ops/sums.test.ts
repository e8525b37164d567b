/** Errors of float32 sums in blocks, beside PyTorch's on the same numbers; docs/sums.md is what this test measures. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile.ts";
import { type Tensor, trace } from "../../src/ir/trace.ts";
import { matmul, sum } from "../../src/ops/index.ts";

interface Errors {
  readonly rms: number;
  readonly max: number;
}
interface Row {
  readonly kind: "signed" | "positive";
  readonly k: number;
  readonly sum: Errors;
  readonly matmul: Errors;
}

const file = new URL("../vectors/sums.json", import.meta.url);
const reference = JSON.parse(readFileSync(file, "utf8")) as { torch: string; rows: number; errors: readonly Row[] };
const { rows } = reference;
const blocks = [32, 256, Number.POSITIVE_INFINITY];

/** The formula of scripts/oracle/sums.py: exact float32 numbers in [-1/2, 1/2) or [0, 1). */
function draw(seed: number, count: number, kind: Row["kind"]): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24 - (kind === "signed" ? 0.5 : 0);
  });
}

interface Sums {
  readonly exact: number;
  readonly magnitude: number;
}

/** Sum of term(0..k-1) in float64, which is exact beside float32. */
function sums(k: number, term: (i: number) => number): Sums {
  let [exact, magnitude] = [0, 0];
  for (let i = 0; i < k; i++) {
    const t = term(i);
    exact += t;
    magnitude += Math.abs(t);
  }
  return { exact, magnitude };
}

/** In units of 2^-24 of the sum of magnitudes. */
function errorsOf(found: ArrayLike<number>, expected: readonly Sums[]): Errors {
  const errors = expected.map(({ exact, magnitude }, i) => (Math.abs(found[i] - exact) / magnitude) * 2 ** 24);
  const squares = errors.reduce((total, error) => total + error * error, 0);
  return { rms: Math.sqrt(squares / errors.length), max: Math.max(...errors) };
}

interface Measured {
  readonly row: Row;
  /** By block. */
  readonly sum: readonly Errors[];
  readonly matmul: readonly Errors[];
}

function measure(row: Row): Measured {
  const { kind, k } = row;
  const [a, b] = [draw(1, rows * k, kind), draw(2, rows * k, kind)];
  const indices = Array.from({ length: rows }, (_, i) => i);
  const sumTerms = indices.map((i) => sums(k, (j) => a[i * k + j]));
  const dots = indices.flatMap((i) => indices.map((o) => sums(k, (j) => a[i * k + j] * b[o * k + j])));
  const columns = new Float32Array(rows * k);
  for (let i = 0; i < rows; i++) for (let j = 0; j < k; j++) columns[j * rows + i] = b[i * k + j];
  const body = ({ x, y }: { x: Tensor; y: Tensor }): Record<string, Tensor> => ({
    sums: sum(x, [1]),
    products: matmul(x, y),
  });
  const program = trace(body, { x: [rows, k], y: [k, rows] });
  const results = blocks.map((block) => {
    const engine = compile(program, { precision: { store: "float32", block } });
    engine.write("x", a);
    engine.write("y", columns);
    engine.run("program");
    const errors = [errorsOf(engine.buffer("sums"), sumTerms), errorsOf(engine.buffer("products"), dots)];
    engine.dispose();
    return errors;
  });
  return { row, sum: results.map(([first]) => first), matmul: results.map(([, second]) => second) };
}

const short = (x: number): string => String(Number(x.toPrecision(2)));
const show = ({ rms, max }: Errors): string => `${short(rms)} / ${short(max)}`;

function table(title: string, measured: readonly Measured[], operation: "sum" | "matmul"): string[] {
  return [
    `## ${title}`,
    "",
    "| terms | K | PyTorch | block 32 | block 256 | one chain |",
    "| --- | --- | --- | --- | --- | --- |",
    ...measured.map(
      (m) => `| ${[m.row.kind, m.row.k, show(m.row[operation]), ...m[operation].map(show)].join(" | ")} |`,
    ),
    "",
  ];
}

describe("float32 sums in blocks", () => {
  const measured = reference.errors.map(measure);

  it("stay within the bound of their order: one rounding per term of a block and per block", () => {
    for (const { row, sum: ofSums, matmul: ofProducts } of measured) {
      blocks.forEach((block, i) => {
        const bound = Math.min(row.k, block) + Math.ceil(row.k / block);
        expect(ofSums[i].max, `sum of ${row.k}, block ${block}`).toBeLessThanOrEqual(bound);
        expect(ofProducts[i].max, `product of ${row.k}, block ${block}`).toBeLessThanOrEqual(bound);
      });
    }
  });

  it("err at most eight times as much as PyTorch's matrix product with the default block", () => {
    for (const { row, matmul: ofProducts } of measured) {
      expect(ofProducts[1].rms, `${row.kind}, K = ${row.k}`).toBeLessThanOrEqual(8 * row.matmul.rms);
    }
  });

  it("the committed table says what is measured", async () => {
    const text = [
      "# Errors of float32 sums",
      "",
      "Root mean square / largest error of 16 sums and of 256 dot products of length K, in units of 2^-24 of the sum of the",
      `magnitudes, against float64; PyTorch ${reference.torch} (one thread) on the same numbers, uniform on [-1/2, 1/2) or`,
      "on [0, 1). Measured by `test/ops/sums.test.ts`, `scripts/oracle/sums.py`. The default block is 256.",
      "",
      ...table("Matrix product", measured, "matmul"),
      ...table("Sum", measured, "sum"),
    ];
    await expect(text.join("\n")).toMatchFileSnapshot("../../docs/sums.md");
  });
});
