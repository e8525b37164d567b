/** Programs as readable listings. */
import { showShape } from "../base/shape.ts";
import { expressionFromJson } from "./expression-json.ts";
import { showExpression } from "./expression-text.ts";
import type { ValueType } from "./loops.ts";
import type { Json, Node, Program } from "./program.ts";

/** What a listing asks of an op: the names of its kinks. */
export type KinkTable = ReadonlyMap<string, { readonly kinks: readonly { readonly name: string }[] }>;

const showType = ({ shape, type }: ValueType): string => `${type}${showShape(shape)}`;

const showNumber = (value: Json): string => (Object.is(value, -0) ? "-0" : typeof value === "number" ? `${value}` : "");

function showOption(name: string, value: Json, operands: readonly string[]): string {
  if (name === "expr") return showExpression(expressionFromJson(value), (input) => operands[input]);
  if (Array.isArray(value))
    return `${name}=[${value.map((entry) => showNumber(entry) || JSON.stringify(entry)).join(", ")}]`;
  return `${name}=${showNumber(value) || (typeof value === "string" ? value : JSON.stringify(value))}`;
}

function showNode(program: Program, node: Node, kinks: KinkTable): string {
  const operands = node.inputs.map((value) => `%${value}`);
  const options = Object.entries(node.options)
    .filter(([name]) => !(name === "type" && "expr" in node.options))
    .map(([name, value]) => showOption(name, value, operands));
  const results = node.outputs.map((value) => `%${value}`).join(", ");
  const types = node.outputs.map((value) => showType(program.values[value])).join(", ");
  const instances = (kinks.get(node.op)?.kinks ?? []).map((kink) => `   kink ${kink.name}@${node.id}`);
  const shown = "expr" in node.options ? options : [...operands, ...options];
  return `${results} = ${node.op}(${shown.join(", ")}) : ${types}${instances.join("")}`;
}

/**
 * One line per input, node and output: `%3 = relu(%2) : store[256, 256]   kink relu.zero@3`.
 * @param kinks The ops, where kinks are to be shown.
 */
export function print(program: Program, kinks: KinkTable = new Map()): string {
  const choices = program.choices.map(({ name, value }) => `choice ${name} = ${showNumber(value)}`);
  const inputs = program.inputs.map(
    ({ name, value }) => `input ${name} = %${value} : ${showType(program.values[value])}`,
  );
  const nodes = program.nodes.map((node) => showNode(program, node, kinks));
  const outputs = program.outputs.map(
    ({ name, value, alias }) => `output ${name} = %${value}${alias === undefined ? "" : ` into ${alias}`}`,
  );
  return [...choices, ...inputs, ...nodes, ...outputs].join("\n");
}
