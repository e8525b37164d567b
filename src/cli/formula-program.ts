/** From a parsed expression to a Program, through the registry of ops. */
import { UsageError, unknown } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { ProgramBuilder } from "../ir/builder.ts";
import type { Json, Program } from "../ir/program.ts";
import type { Op, OptionSpec } from "../ops/op.ts";
import type { Formula } from "./expression-parser.ts";
import { publicOps } from "./ops.ts";

/** Operands that are no floats, by their names in the ops. */
const operandTypes: Readonly<Record<string, string>> = { labels: "int32", indices: "int32" };

/**
 * One output, "output". Inputs are the names in `shapes`, in that order.
 * @throws UsageError on an unknown op or option, a name without a value or a value without a use; ShapeError from ops.
 */
export function formulaProgram(formula: Formula, shapes: Readonly<Record<string, Shape>>): Program {
  const table = new Map(publicOps().map((op) => [op.name, op]));
  const builder = new ProgramBuilder(table);
  const used = namesOf(formula, table);
  for (const name of used.keys()) {
    if (!Object.hasOwn(shapes, name)) throw new UsageError(`'${name}' has no value; give it one by ${name}=1`);
  }
  const inputs = new Map<string, number>();
  for (const [name, shape] of Object.entries(shapes)) {
    const type = used.get(name);
    if (type === undefined) throw unknown("input of the expression", name, used.keys());
    inputs.set(name, builder.input(name, { shape, type }));
  }
  const build = (f: Formula): number => {
    if (f.kind === "name") return inputs.get(f.name) as number;
    if (f.kind === "number") return builder.apply("constant", [], { values: [f.value] })[0];
    const op = opNamed(f.op, table);
    checkOptions(op, f.options);
    return builder.append(op, f.operands.map(build), f.options).outputs[0];
  };
  builder.output("output", build(formula));
  return builder.finish();
}

function opNamed(name: string, table: ReadonlyMap<string, Op>): Op {
  const op = table.get(name);
  if (op === undefined) throw unknown("op", name, table.keys());
  return op;
}

/** Names in order of occurrence, each with the type of its first use. */
function namesOf(formula: Formula, table: ReadonlyMap<string, Op>): Map<string, string> {
  const names = new Map<string, string>();
  const visit = (f: Formula, type: string): void => {
    if (f.kind === "name" && !names.has(f.name)) names.set(f.name, type);
    if (f.kind !== "call") return;
    const { operands } = opNamed(f.op, table);
    f.operands.forEach((operand, i) => {
      visit(operand, operandTypes[operands[i]?.replace(/\?$/, "") ?? ""] ?? "store");
    });
  };
  visit(formula, "store");
  return names;
}

const fits: Readonly<Record<OptionSpec["type"], (value: Json) => boolean>> = {
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  numbers: (value) => Array.isArray(value) && value.every((entry) => typeof entry === "number"),
  integers: (value) => Number.isInteger(value) || (Array.isArray(value) && value.every(Number.isInteger)),
  size: (value) =>
    Number.isInteger(value) || (Array.isArray(value) && value.length === 2 && value.every(Number.isInteger)),
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  expression: () => false,
};

function checkOptions(op: Op, options: Readonly<Record<string, Json>>): void {
  for (const [name, value] of Object.entries(options)) {
    const spec = op.options.find((known) => known.name === name);
    if (spec === undefined)
      throw unknown(
        `option of ${op.name}`,
        name,
        op.options.map((known) => known.name),
      );
    if (!fits[spec.type](value)) {
      throw new UsageError(`${op.name}.${name}: found ${JSON.stringify(value)}, expected ${spec.type}`);
    }
  }
}
