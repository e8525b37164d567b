/** Builds programs one op application at a time: the only writer of nodes. */
import { UsageError, unknown } from "../base/errors.ts";
import type { ValueType } from "./loops.ts";
import type { Json, Node, Program } from "./program.ts";

/** What a builder must know of an op (`ops/op.ts` says the rest). */
export interface Inference {
  readonly name: string;
  /** A trailing "..." takes any number of operands, a trailing "?" at most one. */
  readonly operands: readonly string[];
  readonly options: readonly { readonly name: string; readonly type: string; readonly default?: Json }[];
  infer(inputs: readonly ValueType[], options: Node["options"]): readonly ValueType[];
}

/** Ops by name. */
export type OpTable = ReadonlyMap<string, Inference>;

type Named = { readonly name: string; readonly value: number };

const isList = (item: (entry: Json) => boolean) => (value: Json) => Array.isArray(value) && value.every(item);
const isNumber = (value: Json): boolean => typeof value === "number";

/** What a value of each option type looks like, and how errors call it. */
const optionTypes: Readonly<Record<string, readonly [test: (value: Json) => boolean, expected: string]>> = {
  number: [isNumber, "a number"],
  numbers: [isList(isNumber), "a list of numbers"],
  integer: [Number.isInteger, "a whole number"],
  integers: [isList(Number.isInteger), "a list of whole numbers"],
  size: [
    (value) => Number.isInteger(value) || (isList(Number.isInteger)(value) && (value as readonly Json[]).length === 2),
    "a whole number or [height, width]",
  ],
  boolean: [(value) => typeof value === "boolean", "true or false"],
  string: [(value) => typeof value === "string", "text"],
  expression: [Array.isArray, "an expression"],
};

/** Options with defaults filled in. @throws UsageError on a name the op does not have, a missing or a wrong value. */
export function completeOptions(op: Inference, given: Node["options"]): Node["options"] {
  const known = op.options.map((spec) => spec.name);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw unknown(`option of ${op.name}`, name, known);
  }
  for (const { name, type, default: standard } of op.options) {
    const value = given[name] ?? standard;
    const [test, expected] = optionTypes[type];
    if (value === standard && standard !== undefined) continue;
    if (value === undefined || !test(value)) {
      throw new UsageError(`${op.name}: ${name} is ${JSON.stringify(value) ?? "missing"}, expected ${expected}`);
    }
  }
  const defaults = op.options.filter((spec) => spec.default !== undefined).map((spec) => [spec.name, spec.default]);
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(set) };
}

/** @throws UsageError */
export function checkOperands(op: Inference, found: number): void {
  const most = op.operands.some((operand) => operand.endsWith("...")) ? Infinity : op.operands.length;
  const least = op.operands.filter((operand) => !/(\.\.\.|\?)$/.test(operand)).length;
  if (found >= least && found <= most) return;
  throw new UsageError(`${op.name}: ${found} operands, expected (${op.operands.join(", ")})`);
}

/** A program under construction. Ids of nodes continue those of the program that it starts from. */
export class ProgramBuilder {
  readonly #ops: OpTable;
  readonly #values: ValueType[];
  readonly #inputs: Named[];
  readonly #outputs: Program["outputs"][number][];
  readonly #nodes: Node[];
  readonly #choices: Map<string, number>;
  #nextId: number;

  /** @param ops The ops that `apply` finds by name. */
  constructor(ops: OpTable = new Map(), from?: Program) {
    this.#ops = ops;
    this.#values = [...(from?.values ?? [])];
    this.#inputs = [...(from?.inputs ?? [])];
    this.#outputs = [...(from?.outputs ?? [])];
    this.#nodes = [...(from?.nodes ?? [])];
    this.#choices = new Map(from?.choices.map(({ name, value }) => [name, value]));
    this.#nextId = this.#nodes.reduce((next, node) => Math.max(next, node.id + 1), 0);
  }

  type(value: number): ValueType {
    return this.#values[value];
  }

  /** @throws UsageError where the name is taken. */
  input(name: string, type: ValueType): number {
    if (this.#inputs.some((known) => known.name === name)) throw new UsageError(`input '${name}' exists already`);
    for (const extent of type.shape) {
      if (Number.isInteger(extent) && extent >= 0) continue;
      throw new UsageError(`input '${name}': extent ${extent} in its shape, expected whole numbers from 0`);
    }
    const value = this.#values.push({ shape: [...type.shape], type: type.type }) - 1;
    this.#inputs.push({ name, value });
    return value;
  }

  /**
   * @param alias The input whose buffer the output takes over.
   * @throws UsageError where the name is taken or the alias does not fit.
   */
  output(name: string, value: number, alias?: string): void {
    if (this.#outputs.some((known) => known.name === name)) throw new UsageError(`output '${name}' exists already`);
    if (alias === undefined) {
      const input = this.#inputs.find((known) => known.name === name);
      if (input !== undefined && input.value !== value) {
        throw new UsageError(`output '${name}' has the name of an input; to update that input say so by an alias`);
      }
      this.#outputs.push({ name, value });
      return;
    }
    if (!this.#inputs.some((known) => known.name === alias)) {
      throw unknown(
        `input (alias of output ${name})`,
        alias,
        this.#inputs.map((known) => known.name),
      );
    }
    this.#outputs.push({ name, value, alias });
  }

  /** Registers a run-time scalar; the first initial value stays. */
  choice(name: string, value: number): void {
    if (!this.#choices.has(name)) this.#choices.set(name, value);
  }

  /** Appends a node of an op at hand. @throws UsageError, ShapeError from the op. */
  append(op: Inference, inputs: readonly number[], options: Node["options"] = {}, source?: string): Node {
    checkOperands(op, inputs.length);
    const complete = completeOptions(op, options);
    const types = op.infer(
      inputs.map((value) => this.#values[value]),
      complete,
    );
    const outputs = types.map((type) => this.#values.push(type) - 1);
    const node: Node = { id: this.#nextId++, op: op.name, inputs, outputs, options: complete };
    this.#nodes.push(source === undefined ? node : { ...node, source });
    return node;
  }

  /** Applies an op of the table by name; returns its outputs. */
  apply(name: string, inputs: readonly number[], options: Node["options"] = {}): readonly number[] {
    const op = this.#ops.get(name);
    if (op === undefined) throw unknown("op", name, this.#ops.keys());
    return this.append(op, inputs, options).outputs;
  }

  finish(): Program {
    return {
      values: [...this.#values],
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: [...this.#nodes],
      choices: [...this.#choices].map(([name, value]) => ({ name, value })),
    };
  }
}
