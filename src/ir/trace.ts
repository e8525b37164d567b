/** Traces a TypeScript function of tensors to a program. */
import { UsageError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { type Inference, ProgramBuilder } from "./builder.ts";
import type { ElementType, ValueType } from "./loops.ts";
import type { Node, Program } from "./program.ts";

/** A value of the program that is being traced: a handle without data. */
export class Tensor {
  readonly value: number;
  readonly program: ProgramBuilder;

  constructor(value: number, program: ProgramBuilder) {
    this.value = value;
    this.program = program;
  }

  get shape(): Shape {
    return this.program.type(this.value).shape;
  }

  get type(): ElementType {
    return this.program.type(this.value).type;
  }
}

/** An output that takes over the buffer of an input: an in-place update. */
export interface Update {
  readonly tensor: Tensor;
  readonly alias: string;
}

/** `return { w: update("w", sub(w, step)) }`. */
export function update(input: string, tensor: Tensor): Update {
  return { tensor, alias: input };
}

/** Inputs by name: a shape (of type "store") or a shape and a type. */
export type Specs = Readonly<Record<string, Shape | ValueType>>;

export type Tensors<S> = { readonly [Name in keyof S]: Tensor };

/** What a traced function returns; a single tensor is the output "output". */
export type Traced = Tensor | Readonly<Record<string, Tensor | Update>>;

const frame = /\(?([^()\s]+):(\d+):(\d+)\)?$/;
const library = new URL("..", import.meta.url).href.replace("file://", "");
const internal: readonly string[] = ["ir/", "ops/", "nn/"].map((folder) => library + folder);
const framesKept = 40;

/** "file.ts:12:7" of the innermost call that is not the library's own. */
function callSite(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = framesKept;
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  for (const line of lines) {
    const found = frame.exec(line.trim());
    if (found === null) continue;
    const path = found[1].replace("file://", "");
    if (internal.some((folder) => path.startsWith(folder))) continue;
    return `${path.slice(path.lastIndexOf("/") + 1)}:${found[2]}:${found[3]}`;
  }
  return undefined;
}

let current: ProgramBuilder | undefined;

/** The program being traced. @throws UsageError outside of a trace. */
export function tracing(what: string): ProgramBuilder {
  if (current === undefined) throw new UsageError(`${what}: called outside of trace()`);
  return current;
}

/**
 * Appends a node to the program of the tensors.
 * @throws ShapeError or UsageError with the traced call's place; UsageError where tensors of two traces meet.
 */
export function applyTraced(op: Inference, operands: readonly Tensor[], options: Node["options"] = {}): Tensor[] {
  const source = (operands[0]?.program ?? current)?.place ?? callSite();
  try {
    const program = operands.length > 0 ? operands[0].program : tracing(op.name);
    if (operands.some((operand) => operand.program !== program)) {
      throw new UsageError(`${op.name}: operands of two different traces`);
    }
    const values = operands.map((operand) => operand.value);
    return program.append(op, values, options, source).outputs.map((value) => new Tensor(value, program));
  } catch (error) {
    if (error instanceof UsageError && source !== undefined) error.message += ` (at ${source})`;
    throw error;
  }
}

function run(program: ProgramBuilder, call: () => Traced): Program {
  const outer = current;
  current = program;
  try {
    const result = call();
    const outputs = result instanceof Tensor ? { output: result } : result;
    for (const [name, output] of Object.entries(outputs)) {
      const { tensor, alias } = output instanceof Tensor ? { tensor: output, alias: undefined } : output;
      if (!(tensor instanceof Tensor)) throw new UsageError(`trace: output '${name}' is not a tensor`);
      if (tensor.program !== program) throw new UsageError(`trace: output '${name}' belongs to another trace`);
      program.output(name, tensor.value, alias);
    }
  } finally {
    current = outer;
  }
  return program.finish();
}

function declare(program: ProgramBuilder, specs: Specs): Record<string, Tensor> {
  const typed = (spec: Shape | ValueType): ValueType => ("type" in spec ? spec : { shape: spec, type: "store" });
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, new Tensor(program.input(name, typed(spec)), program)]),
  );
}

/**
 * The program that `fn` writes when it is called once with tensors of the given shapes.
 * @example trace(({ x, w }) => relu(matmul(x, w)), { x: [64, 784], w: [784, 10] })
 */
export function trace<S extends Specs>(fn: (inputs: Tensors<S>) => Traced, specs: S): Program {
  const program = new ProgramBuilder();
  const inputs = declare(program, specs);
  return run(program, () => fn(inputs as Tensors<S>));
}

/**
 * A program with more nodes, inputs (`specs`) and outputs. `fn` gets the tensors of all inputs and outputs by name, and
 * returns the further outputs: how an optimizer's update is added to a gradient.
 */
export function extend(
  program: Program,
  fn: (values: Readonly<Record<string, Tensor>>) => Traced,
  specs: Specs = {},
): Program {
  const builder = new ProgramBuilder(new Map(), program);
  const inputs = declare(builder, specs);
  const named = [...program.inputs, ...program.outputs].map(({ name, value }) => [name, new Tensor(value, builder)]);
  return run(builder, () => fn({ ...Object.fromEntries(named), ...inputs }));
}
