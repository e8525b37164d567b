/**
 * Micro-kernels of contractions: a tile of rows x (vectors * lanes) sums over packed panels, one step per k. How a step
 * multiplies and adds is a `Steps`; the shape follows from the number of vector registers.
 */
import type { Format } from "../../formats/format.ts";
import { float64Lanes, type Lanes } from "./lanes.ts";
import { Line } from "./line.ts";
import { type Source, source } from "./source.ts";

/** Arithmetic of a contraction, as statements over vectors. */
export interface Steps {
  readonly lanes: Lanes;
  /** The name of sum + a * b, rounded as the precision says. */
  multiplyAdd(line: Line, sum: string, a: string, b: string): string;
  /** The name of the rounded sum of two vectors of the accumulate format. */
  add(line: Line, a: string, b: string): string;
}

export interface TileShape {
  /** Kinds of rows, largest first: `struct tiles` of the runtime has room for four. */
  readonly rows: readonly [number, number, number, number];
  readonly vectors: number;
}

/** All sums, a row of columns, an operand and a product fit the registers. @param registers Vector registers: 32 or 16. */
export function tileShape(registers: number, isPlain: boolean): TileShape {
  if (!isPlain) return { rows: [4, 4, 2, 1], vectors: 2 };
  return registers >= 32 ? { rows: [8, 4, 2, 1], vectors: 3 } : { rows: [6, 4, 2, 1], vectors: 2 };
}

const plainAdd: Steps["add"] = (line, a, b) => line.define(line.lanes.vector, `${a} + ${b}`);

/** IEEE multiply, round, add, round. */
export function strictSteps(lanes: Lanes): Steps {
  const multiplyAdd: Steps["multiplyAdd"] = (line, sum, a, b) => line.define(lanes.vector, `${sum} + ${a} * ${b}`);
  return { lanes, multiplyAdd, add: plainAdd };
}

/** One rounding, by the machine's fused multiply-add. */
export function fusedSteps(lanes: Lanes): Steps {
  const multiplyAdd: Steps["multiplyAdd"] = (line, sum, a, b) =>
    line.define(lanes.vector, `fma${lanes.suffix}(${a}, ${b}, ${sum})`);
  return { lanes, multiplyAdd, add: plainAdd };
}

/**
 * Product rounded to `format`, sum rounded to `format`: in float64 lanes for formats of at most 24 significant bits and
 * operands whose products float64 holds, in float32 lanes for at most 11 bits and 7 exponent bits (docs/numerics.md).
 */
export function narrowSteps(lanes: Lanes, format: Format): Steps {
  const add: Steps["add"] = (line, a, b) => line.round(plainAdd(line, a, b), format);
  const multiplyAdd: Steps["multiplyAdd"] = (line, sum, a, b) =>
    add(line, sum, line.round(line.define(lanes.vector, `${a} * ${b}`), format));
  return { lanes, multiplyAdd, add };
}

/** One rounding of a * b + c to `format`, for operands of at most 24 bits: their product is exact in float64. */
export function fusedNarrowSteps(format: Format): Steps {
  const lanes = float64Lanes;
  const multiplyAdd: Steps["multiplyAdd"] = (line, sum, a, b) =>
    line.round(line.define(lanes.vector, `oddsum64(${a} * ${b}, ${sum})`), format);
  return { lanes, multiplyAdd, add: narrowSteps(lanes, format).add };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** How a kernel reads its columns: a packed panel, or in place through a table of terms (`runtime/tiles.h`). */
interface Columns {
  readonly parameters: string;
  readonly opening: (scalar: string, vectors: number) => readonly string[];
  readonly advance: (count: string, vectors: number) => string;
  /** Address of vector v of the current term. */
  readonly address: (count: string, v: number) => string;
}

const packed: Columns = {
  parameters: "const void *pb, i64 terms",
  opening: (scalar) => [`const ${scalar} *b = pb;`],
  advance: (count, vectors) => `, b += ${vectors} * ${count}`,
  address: (count, v) => `b + ${v} * ${count}`,
};

const inPlace: Columns = {
  parameters: "const char *const *columns, const int *places, i64 terms",
  opening: (scalar, vectors) =>
    range(vectors).map((v) => `const ${scalar} *const b${v} = (const ${scalar} *)columns[${v}];`),
  advance: () => "",
  address: (_, v) => `b${v} + places[k]`,
};

function kernel(name: string, steps: Steps, rows: number, vectors: number, columns: Columns): string {
  const { lanes } = steps;
  const { vector, scalar, suffix, count } = lanes;
  const at = (pointer: string, i: number, v: number, row: string): string =>
    `*(${vector}_at *)(${pointer} + ${i} * ${row} + ${v} * ${count})`;
  const sums = range(rows).flatMap((i) => range(vectors).map((v) => ({ i, v, name: `s${i}_${v}` })));
  const body = new Line(lanes);
  const updates: string[] = [];
  const operands = range(vectors).map((v) => body.define(vector, `*(${vector}_at *)(${columns.address(count, v)})`));
  for (const i of range(rows)) {
    const a = body.define(vector, `splat${suffix}(a[${i}])`);
    for (const v of range(vectors))
      updates.push(`s${i}_${v} = ${steps.multiplyAdd(body, `s${i}_${v}`, a, operands[v])};`);
  }
  const end = new Line(lanes);
  const results = sums.map(({ i, v, name: sum }) => ({ i, v, sum: steps.add(end, `t${i}_${v}`, sum) }));
  return [
    `static void ${name}(const void *pa, ${columns.parameters}, const void *pf, void *pt, i64 from_row, i64 to_row, i64 mode) {`,
    `const ${scalar} *a = pa, *from = pf;`,
    ...columns.opening(scalar, vectors),
    `${scalar} *to = pt;`,
    ...sums.map(({ name: sum }) => `${vector} ${sum} = {0};`),
    "if (mode & 1) {",
    ...sums.map(({ i, v, name: sum }) => `${sum} = ${at("from", i, v, "from_row")};`),
    "}",
    `for (i64 k = 0; k < terms; k++, a += ${rows}${columns.advance(count, vectors)}) {`,
    ...body.statements(),
    ...updates,
    "}",
    "if (mode & 2) {",
    ...sums.map(({ i, v }) => `const ${vector} t${i}_${v} = ${at("to", i, v, "to_row")};`),
    ...end.statements(),
    ...results.map(({ i, v, sum }) => `s${i}_${v} = ${sum};`),
    "}",
    ...sums.map(({ i, v, name: sum }) => `${at("to", i, v, "to_row")} = ${sum};`),
    "}",
  ].join("\n");
}

/** A unit of micro-kernels; its symbol is the `struct tiles` of `runtime/tiles.h`. */
export function tileSource(steps: Steps, { rows, vectors }: TileShape): Source {
  const kinds = [...new Set(rows)];
  const kernels = kinds.flatMap((r) => range(vectors).map((v) => kernel(`k${r}_${v + 1}`, steps, r, v + 1, packed)));
  // Only IEEE arithmetic is so fast that packing shows.
  const places = range(isPlain(steps) ? vectors : 0).map((v) => kernel(`p${v + 1}`, steps, rows[0], v + 1, inPlace));
  const list = (of: number, name: (v: number) => string): string =>
    `{${range(3)
      .map((v) => (v < of ? name(v + 1) : "0"))
      .join(", ")}}`;
  const table = rows.map((r) => list(vectors, (v) => `k${r}_${v}`));
  const { bytes, count } = steps.lanes;
  const exported = `const struct tiles @ = {${bytes}, ${count}, ${vectors}, {${rows.join(", ")}}, {${table.join(", ")}}, ${list(places.length, (v) => `p${v}`)}};`;
  return source(`${[...kernels, ...places, exported].join("\n")}\n`, true);
}

export const isPlain = (steps: Steps): boolean => steps.add === plainAdd;
