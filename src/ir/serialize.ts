/** Programs as JSON text. Numbers that JSON lacks are written as {"number": "-0"}; everything is checked on the way in. */
import { DataError } from "../base/errors.ts";
import type { Json, Node, Program } from "./program.ts";

const version = 1;

function encode(value: Json): Json {
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, encode(entry)]));
}

function decode(value: Json): Json {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0][0] === "number" && typeof entries[0][1] === "string")
    return Number(entries[0][1]);
  return Object.fromEntries(entries.map(([key, entry]) => [key, decode(entry)]));
}

/** JSON text that `deserialize` reads back unchanged. */
export function serialize(program: Program): string {
  return JSON.stringify({ version, ...(encode(program as unknown as Json) as object) });
}

type Fields = { readonly [key: string]: Json };

/** Reads fields of a JSON object, each with a check; `where` names it in errors. */
class Reader {
  readonly #fields: Fields;
  readonly #where: string;

  constructor(value: Json, where: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, value, "an object");
    this.#fields = value as Fields;
    this.#where = where;
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  text(key: string): string {
    const value = this.#fields[key];
    if (typeof value !== "string") throw wrong(`${this.#where}.${key}`, value, "text");
    return value;
  }

  number(key: string): number {
    const value = this.#fields[key];
    if (typeof value !== "number") throw wrong(`${this.#where}.${key}`, value, "a number");
    return value;
  }

  list<T>(key: string, item: (value: Json, where: string) => T): T[] {
    const value = this.#fields[key];
    if (!Array.isArray(value)) throw wrong(`${this.#where}.${key}`, value, "a list");
    return (value as Json[]).map((entry, place) => item(entry, `${this.#where}.${key}[${place}]`));
  }

  options(key: string): Node["options"] {
    return new Reader(this.#fields[key], `${this.#where}.${key}`).#fields;
  }
}

function wrong(where: string, found: Json | undefined, expected: string): DataError {
  const text = found === undefined ? "nothing" : JSON.stringify(found);
  return new DataError(`${where}: found ${text.slice(0, 60)}, expected ${expected}`);
}

const whole =
  (limit: number, expected: string) =>
  (value: Json, where: string): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit) return value;
    throw wrong(where, value, expected);
  };

function readProgram(json: Json): Program {
  const root = new Reader(json, "program");
  if (root.number("version") !== version) {
    throw new DataError(`program: version ${root.number("version")}, expected ${version}`);
  }
  const values = root.list("values", (value, where) => {
    const entry = new Reader(value, where);
    return { shape: entry.list("shape", whole(Infinity, "an extent")), type: entry.text("type") };
  });
  const place = whole(values.length, `a value below ${values.length}`);
  const named = (value: Json, where: string): { name: string; value: number } => {
    const entry = new Reader(value, where);
    return { name: entry.text("name"), value: place(entry.number("value"), `${where}.value`) };
  };
  const inputs = root.list("inputs", named);
  const nodes = root.list("nodes", (value, where): Node => {
    const entry = new Reader(value, where);
    const node = {
      id: whole(Infinity, "a node id")(entry.number("id"), `${where}.id`),
      op: entry.text("op"),
      inputs: entry.list("inputs", place),
      outputs: entry.list("outputs", place),
      options: entry.options("options"),
    };
    return entry.has("source") ? { ...node, source: entry.text("source") } : node;
  });
  const outputs = root.list("outputs", (value, where) => {
    const entry = new Reader(value, where);
    return entry.has("alias") ? { ...named(value, where), alias: entry.text("alias") } : named(value, where);
  });
  const choices = root.list("choices", (value, where) => {
    const entry = new Reader(value, where);
    return { name: entry.text("name"), value: entry.number("value") };
  });
  return { values, inputs, outputs, nodes, choices };
}

/** Every value is defined once, before its uses. */
function checkOrder(program: Program): void {
  const defined = new Set(program.inputs.map((input) => input.value));
  const use = (value: number, where: string): void => {
    if (!defined.has(value)) throw new DataError(`${where}: value %${value} is used before anything defines it`);
  };
  program.nodes.forEach((node, place) => {
    for (const value of node.inputs) use(value, `program.nodes[${place}]`);
    for (const value of node.outputs) {
      if (defined.has(value)) throw new DataError(`program.nodes[${place}]: value %${value} is defined twice`);
      defined.add(value);
    }
  });
  for (const { name, value } of program.outputs) use(value, `output '${name}'`);
}

/** The program of a text. @throws DataError that says where the text is not a program. */
export function deserialize(text: string): Program {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw new DataError(`program: not JSON (${(error as Error).message})`);
  }
  const program = readProgram(decode(json));
  checkOrder(program);
  return program;
}
