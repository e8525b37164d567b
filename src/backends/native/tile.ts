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

/** Kinds of rows that read columns in place: IN_PLACE_KINDS of `runtime/tiles.h`. */
const kindsInPlace = 2;

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

/** How a kernel reads an operand (`runtime/tiles.h`). */
interface Reader {
  readonly parameters: string;
  readonly opening: (scalar: string, count: number) => readonly string[];
  /** Appended to the step from term k to the next. */
  readonly advance: (width: string) => string;
  /** Address of element or vector `i` of term k; @param size Elements of each. */
  readonly address: (i: number, size: string) => string;
}

const panel = (name: "a" | "b"): Reader => ({
  parameters: `const void *panel_${name}`,
  opening: (scalar) => [`const ${scalar} *${name} = panel_${name};`],
  advance: (width) => `, ${name} += ${width}`,
  address: (i, size) => `${name} + ${i} * ${size}`,
});

/** Elements or vectors of the first term, and a table of terms. */
const inPlace = (name: "a" | "b"): Reader => ({
  parameters: `const char *const *${name}, const int *places`,
  opening: (scalar, count) =>
    range(count).map((i) => `const ${scalar} *const ${name}${i} = (const ${scalar} *)${name}[${i}];`),
  advance: () => "",
  address: (i) => `${name}${i} + places[k]`,
});

interface Readers {
  readonly a: Reader;
  readonly b: Reader;
}

const readers = {
  k: { a: panel("a"), b: panel("b") },
  c: { a: panel("a"), b: inPlace("b") },
  r: { a: inPlace("a"), b: panel("b") },
} as const satisfies Record<string, Readers>;

function kernel(name: string, steps: Steps, rows: number, vectors: number, { a, b }: Readers): string {
  const { lanes } = steps;
  const { vector, scalar, suffix, count } = lanes;
  const at = (pointer: string, i: number, v: number): string =>
    `*(${vector}_at *)((${scalar} *)${pointer}[${v}] + ${i} * row)`;
  const sums = range(rows).flatMap((i) => range(vectors).map((v) => ({ i, v, name: `s${i}_${v}` })));
  const body = new Line(lanes);
  const updates: string[] = [];
  const operands = range(vectors).map((v) => body.define(vector, `*(${vector}_at *)(${b.address(v, count)})`));
  for (const i of range(rows)) {
    const own = body.define(vector, `splat${suffix}(*(${a.address(i, "1")}))`);
    for (const v of range(vectors))
      updates.push(`s${i}_${v} = ${steps.multiplyAdd(body, `s${i}_${v}`, own, operands[v])};`);
  }
  const end = new Line(lanes);
  const results = sums.map(({ i, v, name: sum }) => ({ i, v, sum: steps.add(end, `t${i}_${v}`, sum) }));
  return [
    `static void ${name}(${a.parameters}, ${b.parameters}, i64 terms, char *const *from, char *const *to, i64 row, i64 mode) {`,
    ...a.opening(scalar, rows),
    ...b.opening(scalar, vectors),
    ...sums.map(({ name: sum }) => `${vector} ${sum} = {0};`),
    "if (mode & 1) {",
    ...sums.map(({ i, v, name: sum }) => `${sum} = ${at("from", i, v)};`),
    "}",
    `for (i64 k = 0; k < terms; k++${a.advance(`${rows}`)}${b.advance(`${vectors} * ${count}`)}) {`,
    ...body.statements(),
    ...updates,
    "}",
    "if (mode & 2) {",
    ...sums.map(({ i, v }) => `const ${vector} t${i}_${v} = ${at("to", i, v)};`),
    ...end.statements(),
    ...results.map(({ i, v, sum }) => `s${i}_${v} = ${sum};`),
    "}",
    ...sums.map(({ i, v, name: sum }) => `${at("to", i, v)} = ${sum};`),
    "}",
  ].join("\n");
}

/** A unit of micro-kernels; its symbol is the `struct tiles` of `runtime/tiles.h`. */
export function tileSource(steps: Steps, { rows, vectors }: TileShape): Source {
  type Kind = keyof typeof readers;
  const names = (kind: Kind, r: number): string[] => range(vectors).map((v) => `${kind}${r}_${v + 1}`);
  const print = (kind: Kind, own: readonly number[]): string[] =>
    [...new Set(own)].flatMap((r) => names(kind, r).map((name, v) => kernel(name, steps, r, v + 1, readers[kind])));
  const table = (kind: Kind, own: readonly number[]): string =>
    `{${own.map((r) => `{${names(kind, r).join(", ")}}`).join(", ")}}`;
  const few = rows.slice(0, kindsInPlace);
  const [most] = rows;
  // Only IEEE arithmetic is so fast that packing shows.
  const [near, byColumns, byRows] = isPlain(steps)
    ? [[...print("c", few), ...print("r", [most])], table("c", few), `{${names("r", most).join(", ")}}`]
    : [[], "{{0}}", "{0}"];
  const { bytes, count } = steps.lanes;
  const exported = `const struct tiles @ = {${bytes}, ${count}, ${vectors}, {${rows.join(", ")}}, ${table("k", rows)}, ${byColumns}, ${byRows}};`;
  return source(`${[...print("k", rows), ...near, exported].join("\n")}\n`, true);
}

export const isPlain = (steps: Steps): boolean => steps.add === plainAdd;
