/** Expressions as JSON: a list of distinct nodes, operands before users, the root last. */
import { UsageError } from "../base/errors.ts";
import { type Expr, operandsOf, visit } from "./expression.ts";
import type { Json } from "./program.ts";

const unaries: ReadonlySet<string> = new Set(
  "neg abs sqrt floor ceil trunc nearest binade pow2 exp expm1 log log1p tanh erf erfc".split(" "),
);
const binaries: ReadonlySet<string> = new Set("add sub mul div min max pow copysign".split(" "));
const comparisons: ReadonlySet<string> = new Set("eq ne lt le gt ge".split(" "));

function row(e: Expr, places: ReadonlyMap<Expr, number>): Json[] {
  const operands = operandsOf(e).map((operand) => places.get(operand) as number);
  switch (e.kind) {
    case "input":
      return ["input", e.input];
    case "constant":
    case "option":
      return [e.kind, e.value];
    case "choice":
      return ["choice", e.name];
    case "index":
      return ["index", e.axis];
    case "draw":
      return ["draw", e.stream, ...operands];
    case "select":
      return ["select", ...operands];
    default:
      return [e.name, ...operands];
  }
}

/** Distinguishes -0 and NaN, which JSON does not. */
const keyOf = (entry: readonly Json[]): string =>
  entry.map((part) => (Object.is(part, -0) ? "-0" : `${part}`)).join(" ");

/** `[["input", 0], ["constant", 0], ["max", 0, 1]]`: equal subexpressions are written once. */
export function expressionToJson(root: Expr): Json {
  const rows: Json[] = [];
  const known = new Map<string, number>();
  const places = new Map<Expr, number>();
  visit(root, (e) => {
    const entry = row(e, places);
    const key = keyOf(entry);
    const place = known.get(key) ?? rows.push(entry) - 1;
    known.set(key, place);
    places.set(e, place);
  });
  return rows;
}

function parseRow(entry: Json, known: readonly Expr[]): Expr {
  if (!Array.isArray(entry)) throw new UsageError(`expression: ${JSON.stringify(entry)} is not a list`);
  const [name, ...rest] = entry as readonly Json[];
  const wrong = (): UsageError => new UsageError(`expression: ${JSON.stringify(entry)} is not an expression`);
  const operand = (place: number): Expr => {
    const at = rest[place];
    if (typeof at !== "number" || known[at] === undefined) throw wrong();
    return known[at];
  };
  const number = (): number => {
    if (typeof rest[0] !== "number") throw wrong();
    return rest[0];
  };
  if (typeof name !== "string") throw wrong();
  if (name === "input") return { kind: "input", input: number() };
  if (name === "index") return { kind: "index", axis: number() };
  if (name === "constant" || name === "option") return { kind: name, value: number() };
  if (name === "choice" && typeof rest[0] === "string") return { kind: "choice", name: rest[0] };
  if (name === "draw") return { kind: "draw", stream: number(), a: operand(1), b: operand(2) };
  if (name === "select") return { kind: "select", test: operand(0), a: operand(1), b: operand(2) };
  if (unaries.has(name)) return { kind: "unary", name, x: operand(0) } as Expr;
  if (binaries.has(name)) return { kind: "binary", name, a: operand(0), b: operand(1) } as Expr;
  if (comparisons.has(name)) return { kind: "compare", name, a: operand(0), b: operand(1) } as Expr;
  throw wrong();
}

/** The inverse of `expressionToJson`. @throws UsageError on anything else. */
export function expressionFromJson(json: Json): Expr {
  if (!Array.isArray(json) || json.length === 0) throw new UsageError("expression: expected a list of nodes");
  const known: Expr[] = [];
  for (const entry of json as readonly Json[]) known.push(parseRow(entry, known));
  return known[known.length - 1];
}

/** The expression with every input, and where `axes` are given every index, replaced. */
export function substitute(root: Expr, inputs: readonly Expr[], axes?: readonly Expr[]): Expr {
  const results = new Map<Expr, Expr>();
  const at = (e: Expr): Expr => results.get(e) as Expr;
  visit(root, (e) => {
    results.set(e, e.kind === "index" && axes !== undefined ? axes[e.axis] : rebuild(e, at, inputs));
  });
  return at(root);
}

function rebuild(e: Expr, at: (e: Expr) => Expr, inputs: readonly Expr[]): Expr {
  switch (e.kind) {
    case "input": {
      if (inputs[e.input] === undefined) throw new UsageError(`expression: no input ${e.input} of ${inputs.length}`);
      return inputs[e.input];
    }
    case "unary":
      return { ...e, x: at(e.x) };
    case "binary":
    case "compare":
    case "draw":
      return { ...e, a: at(e.a), b: at(e.b) };
    case "select":
      return { ...e, test: at(e.test), a: at(e.a), b: at(e.b) };
    default:
      return e;
  }
}
