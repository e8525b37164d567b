/**
 * Expressions of `probe`: parsed by jsep, only the node types listed here are accepted, and nothing is ever evaluated
 * as code. Functions are op names; options are trailing `key=value` arguments.
 */
import assignmentPlugin from "@jsep-plugin/assignment";
import jsep from "jsep";
import { UsageError } from "../base/errors.ts";
import type { Json } from "../ir/program.ts";

export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | {
      readonly kind: "call";
      readonly op: string;
      readonly operands: readonly Formula[];
      readonly options: Readonly<Record<string, Json>>;
    };

jsep.plugins.register(assignmentPlugin);

const binaryOps: Readonly<Record<string, string>> = { "+": "add", "-": "sub", "*": "mul", "/": "div" };
const numberNames: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY };

interface Syntax {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** @throws UsageError on anything but numbers, names, + - * /, unary - and calls of ops. */
export function parseFormula(text: string): Formula {
  if (text.trim() === "") throw new UsageError("expression: found nothing, expected for example 'relu(x)'");
  let syntax: Syntax;
  try {
    syntax = jsep(text) as unknown as Syntax;
    return formula(syntax);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof RangeError) throw new UsageError("expression: nested too deeply");
    throw new UsageError(`expression: ${(error as Error).message} in '${shortened(text)}'`);
  }
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

function formula(syntax: Syntax): Formula {
  switch (syntax.type) {
    case "Literal": {
      if (typeof syntax.value === "number") return { kind: "number", value: syntax.value };
      break;
    }
    case "Identifier": {
      const name = syntax.name as string;
      if (Object.hasOwn(numberNames, name)) return { kind: "number", value: numberNames[name] };
      return { kind: "name", name };
    }
    case "UnaryExpression": {
      if (syntax.operator !== "-") break;
      const x = formula(syntax.argument as Syntax);
      return x.kind === "number" ? { kind: "number", value: -x.value } : call("neg", [x]);
    }
    case "BinaryExpression": {
      const operator = syntax.operator as string;
      if (!Object.hasOwn(binaryOps, operator)) throw refused(`the operator ${operator}`);
      return call(binaryOps[operator], [formula(syntax.left as Syntax), formula(syntax.right as Syntax)]);
    }
    case "CallExpression":
      return application(syntax);
  }
  throw refused(describe(syntax));
}

const call = (op: string, operands: readonly Formula[]): Formula => ({ kind: "call", op, operands, options: {} });

function application(syntax: Syntax): Formula {
  const callee = syntax.callee as Syntax;
  if (callee.type !== "Identifier") throw refused(`a call of ${describe(callee)}`);
  const op = callee.name as string;
  const operands: Formula[] = [];
  const options = new Map<string, Json>();
  for (const argument of syntax.arguments as readonly Syntax[]) {
    if (argument.type !== "AssignmentExpression") {
      if (options.size > 0) throw new UsageError(`${op}: operands come before options`);
      operands.push(formula(argument));
      continue;
    }
    const key = argument.left as Syntax;
    if (argument.operator !== "=" || key.type !== "Identifier") throw refused(describe(argument));
    const name = key.name as string;
    if (options.has(name)) throw new UsageError(`${op}: option ${name} is given twice`);
    options.set(name, literal(argument.right as Syntax, `${op}.${name}`));
  }
  return { kind: "call", op, operands, options: Object.fromEntries(options) };
}

/** The value of an option: a number, a list, true, false, a string or a bare word. */
function literal(syntax: Syntax, what: string): Json {
  if (
    syntax.type === "Literal" &&
    syntax.value !== null &&
    ["number", "boolean", "string"].includes(typeof syntax.value)
  ) {
    return syntax.value as Json;
  }
  if (syntax.type === "ArrayExpression") {
    return (syntax.elements as readonly (Syntax | null)[]).map((element) => {
      if (element === null) throw refused("a hole in a list");
      return literal(element, what);
    });
  }
  if (syntax.type === "Identifier" || syntax.type === "UnaryExpression") {
    const value = formula(syntax);
    if (value.kind === "number") return value.value;
    if (value.kind === "name") return value.name;
  }
  throw new UsageError(`${what}: found ${describe(syntax)}, expected a number, a word or a list`);
}

const refused = (what: string): UsageError =>
  new UsageError(
    `expression: found ${what}; expected numbers, names, + - * /, unary - and calls such as clamp(x, low=0)`,
  );

const kindNames: Readonly<Record<string, string>> = {
  AssignmentExpression: "an assignment",
  ArrayExpression: "a list",
  Compound: "more than one expression",
  ConditionalExpression: "a condition",
  MemberExpression: "a member access",
  SequenceExpression: "a sequence",
  ThisExpression: "this",
  UpdateExpression: "an update",
};

function describe(syntax: Syntax): string {
  if (syntax.type === "Literal") return `the literal ${String(syntax.raw)}`;
  if (syntax.type === "UnaryExpression") return `the operator ${String(syntax.operator)}`;
  if (syntax.type === "Identifier") return `the name ${String(syntax.name)}`;
  return kindNames[syntax.type] ?? syntax.type;
}
