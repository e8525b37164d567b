/**
 * A pullback's kernel modulo a prime. What depends on the incoming gradient becomes residues; everything else is data: the
 * stored forward values and the selections made from them (masks, sets of ties, winners) stay those of the stored run.
 */

import { scalarFormat } from "../../backends/evaluation.ts";
import { isFloat } from "../../backends/layout.ts";
import { readsOf, writesOf } from "../../backends/planner.ts";
import { UsageError } from "../../base/errors.ts";
import { sizeOf, stridesOf } from "../../base/shape.ts";
import { formatOf, type Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import { type Expr, input } from "../../ir/expression.ts";
import type {
  Access,
  ContractLoop,
  GatherLoop,
  Kernel,
  Loop,
  MapLoop,
  MoveLoop,
  ReduceLoop,
  ValueType,
} from "../../ir/loops.ts";
import { compact } from "../../ops/apply-expression.ts";
import { isRational, type Operands, ResidueExpression, reduction } from "./residue-expression.ts";
import type { Field } from "./residues.ts";

/** A buffer of residues and the buffer of stored numbers that it is made from. */
export interface Twin {
  readonly twin: string;
  readonly source: string;
}

export interface ResidueKernels {
  /** Computes the data that the pullback derives from stored values, in their own formats; undefined where it derives none. */
  readonly data: Kernel | undefined;
  readonly residues: Kernel;
  readonly twins: readonly Twin[];
  /** Stored values that the kernels read as they are, under their own names. */
  readonly asStored: readonly string[];
}

/** The longest sum of products, for the choice of the prime. */
export function longestSum(kernel: Kernel): number {
  return kernel.loops.reduce((longest, loop) => {
    if (loop.loop === "contract") return Math.max(longest, sizeOf(loop.k));
    if (loop.loop === "reduce") return Math.max(longest, sizeOf(loop.reduced));
    return loop.loop === "gather" ? Math.max(longest, loop.count) : longest;
  }, 1);
}

const contiguous = (value: number, shape: readonly number[]): Access => ({
  value,
  strides: stridesOf(shape),
  offset: 0,
});

/** Inputs of a loop under construction: each access once. */
class Inputs {
  readonly list: Access[] = [];

  place(access: Access): Expr {
    const known = this.list.findIndex(
      (other) =>
        other.value === access.value && other.offset === access.offset && `${other.strides}` === `${access.strides}`,
    );
    return input(known >= 0 ? known : this.list.push(access) - 1);
  }
}

class Translation {
  readonly #kernel: Kernel;
  readonly #field: Field;
  readonly #precision: Precision;
  readonly #values: ValueType[];
  readonly #names: ReadonlyMap<number, string>;
  readonly #producers = new Map<number, Loop[]>();
  readonly #active = new Set<number>();
  readonly #residues = new Map<number, number>();
  readonly #copied = new Set<Loop>();
  readonly #data: Loop[] = [];
  readonly #loops: Loop[] = [];
  readonly #twins = new Map<string, number>();
  /** Original values that the residue kernel reads, and those that the data kernel must hand out. */
  readonly #read = new Set<number>();
  readonly #handed = new Set<number>();

  readonly #prefix: string;

  constructor(kernel: Kernel, field: Field, precision: Precision, prefix: string) {
    this.#kernel = kernel;
    this.#prefix = prefix;
    this.#field = field;
    this.#precision = precision;
    // Data keep their formats in an engine whose own formats are float64.
    this.#values = kernel.values.map(({ shape, type }) => ({
      shape,
      type: isFloat(type) ? formatOf(precision, type).name : type,
    }));
    this.#names = new Map(kernel.inputs.map(({ name, value }) => [value, name]));
    for (const { name, value } of kernel.inputs) if (name.startsWith("d:")) this.#active.add(value);
    for (const loop of kernel.loops) {
      const active = readsOf(loop).some((value) => this.#active.has(value));
      for (const value of writesOf(loop)) {
        this.#producers.set(value, [...(this.#producers.get(value) ?? []), loop]);
        if (active) this.#active.add(value);
      }
    }
  }

  translate(): ResidueKernels {
    const outputs = this.#kernel.outputs.map(({ name, value }) => ({
      name: `${this.#prefix}/${name}`,
      value: this.#residue(value),
    }));
    const inputsOf = (loops: readonly Loop[]): number[] => {
      const read = new Set(loops.flatMap(readsOf));
      return this.#kernel.inputs.filter(({ value }) => read.has(value)).map(({ value }) => value);
    };
    const asStored = [...new Set([...inputsOf(this.#data), ...inputsOf(this.#loops)])].map((value) =>
      this.#name(value),
    );
    const { choices } = this.#kernel;
    const data: Kernel = {
      values: this.#values,
      inputs: inputsOf(this.#data).map((value) => ({ name: this.#name(value), value })),
      outputs: [...this.#handed].map((value) => ({ name: this.#name(value), value })),
      loops: this.#data,
      choices,
    };
    const residues: Kernel = {
      values: this.#values,
      inputs: [
        ...[...this.#read].map((value) => ({ name: this.#name(value), value })),
        ...[...this.#twins].map(([name, value]) => ({ name: `twin:${name}`, value })),
      ],
      outputs,
      loops: this.#loops,
      choices,
    };
    const twins = [...this.#twins.keys()].map((source) => ({ source, twin: `twin:${source}` }));
    return { data: this.#data.length > 0 ? data : undefined, residues, twins, asStored };
  }

  /** The name of a buffer of numbers: stored by the run, or derived by the data kernel. */
  #name(value: number): string {
    return this.#names.get(value) ?? `data:${this.#prefix}:${value}`;
  }

  #value(shape: readonly number[], type = "float64"): number {
    return this.#values.push({ shape, type }) - 1;
  }

  /** The value that holds the residues of `value`. */
  #residue(value: number): number {
    const known = this.#residues.get(value);
    if (known !== undefined) return known;
    const producers = this.#producers.get(value);
    const made =
      producers !== undefined && (this.#active.has(value) || producers.every(translatable))
        ? this.#produce(value, producers)
        : this.#twin(value);
    this.#residues.set(value, made);
    return made;
  }

  #twin(value: number): number {
    const name = this.#name(value);
    if (!this.#names.has(value)) this.#original(value, this.#handed);
    const twin = this.#value(this.#values[value].shape);
    this.#twins.set(name, twin);
    return twin;
  }

  /** The stored number, or what the data kernel computes from stored numbers. @param users Who asks for it. */
  #original(value: number, users: Set<number>): number {
    if (this.#active.has(value)) {
      throw new UsageError("exact judge: the pullback tests a gradient, expected tests of forward values");
    }
    users.add(value);
    const producers = this.#producers.get(value);
    if (producers === undefined) return value;
    this.#handed.add(value);
    for (const loop of producers) this.#copy(loop);
    return value;
  }

  #copy(loop: Loop): void {
    if (this.#copied.has(loop)) return;
    this.#copied.add(loop);
    const sums =
      loop.loop === "contract" || (loop.loop === "reduce" && loop.combine === "sum") || loop.loop === "gather";
    const float = writesOf(loop).some((value) => isFloat(this.#values[value].type));
    if (sums && float && !(loop.loop === "gather" && loop.mode === "gather")) {
      throw new UsageError(
        "exact judge: a selection rests on a sum of forward values, expected one that the forward stores",
      );
    }
    for (const read of readsOf(loop)) for (const producer of this.#producers.get(read) ?? []) this.#copy(producer);
    this.#data.push(loop);
  }

  #produce(value: number, producers: readonly Loop[]): number {
    const { shape } = this.#values[value];
    const single = producers.length === 1 ? producers[0] : undefined;
    if (single?.loop === "map") return this.#map(single, value);
    if (single?.loop === "move") return this.#move(single);
    if (single?.loop === "reduce") return this.#reduce(single);
    if (single?.loop === "gather" && single.mode === "gather") return this.#gather(single);
    const raw = this.#value(shape);
    for (const loop of producers) {
      if (loop.loop === "contract") this.#contract(loop, raw);
      else if (loop.loop === "gather") this.#gather(loop, raw);
      else
        throw new UsageError(
          `exact judge: a value is made of several loops, one of them ${loop.loop}, expected contractions`,
        );
    }
    return this.#reduced(raw, shape, producers[0].node);
  }

  /** A map that brings integers back to residues. */
  #reduced(raw: number, shape: readonly number[], node: number): number {
    const value = this.#value(shape);
    const expr = reduction(input(0), this.#field.prime);
    this.#loops.push({ node, loop: "map", shape, inputs: [contiguous(raw, shape)], outputs: [{ value, expr }] });
    return value;
  }

  #operands(loop: MapLoop | ReduceLoop, shape: readonly number[], inputs: Inputs): Operands {
    const typeOf = (place: number): string => this.#values[loop.inputs[place].value].type;
    const original = (place: number): Expr => {
      const access = loop.inputs[place];
      return inputs.place({ ...access, value: this.#original(access.value, this.#read) });
    };
    const format = scalarFormat(loop, this.#kernel.values, this.#precision);
    return {
      active: (place) => this.#active.has(loop.inputs[place].value),
      original,
      residue: (place) => {
        const access = loop.inputs[place];
        if (!isFloat(typeOf(place))) return reduction(original(place), this.#field.prime);
        return inputs.place({ ...access, value: this.#residue(access.value) });
      },
      scalar: (e) => {
        const value = e.kind === "option" ? e.value : this.#choice(e.name);
        return format === undefined ? value : round(format, value);
      },
      extracted: (e) => {
        const value = this.#value(shape);
        const { used, expr } = compact(e);
        const read = used.map((place) => loop.inputs[place]);
        for (const access of read) for (const producer of this.#producers.get(access.value) ?? []) this.#copy(producer);
        this.#data.push({ node: loop.node, loop: "map", shape, inputs: read, outputs: [{ value, expr }] });
        this.#handed.add(value);
        const twin = this.#value(shape);
        this.#twins.set(this.#name(value), twin);
        return inputs.place(contiguous(twin, shape));
      },
    };
  }

  #choice(name: string): number {
    const found = this.#kernel.choices.find((choice) => choice.name === name);
    if (found === undefined) throw new UsageError(`exact judge: no choice '${name}' in the pullback`);
    return found.value;
  }

  #map(loop: MapLoop, value: number): number {
    const inputs = new Inputs();
    const { expr } = loop.outputs.find((output) => output.value === value) as MapLoop["outputs"][number];
    const residue = new ResidueExpression(this.#field, this.#operands(loop, loop.shape, inputs)).of(expr);
    const made = this.#value(loop.shape);
    this.#loops.push({ ...loop, inputs: inputs.list, outputs: [{ value: made, expr: residue }] });
    return made;
  }

  #reduce(loop: ReduceLoop): number {
    if (loop.combine !== "sum") {
      throw new UsageError(`exact judge: a pullback takes the ${loop.combine} of a gradient, expected sums`);
    }
    const inputs = new Inputs();
    const iteration = [...loop.outer, ...loop.reduced];
    const element = new ResidueExpression(this.#field, this.#operands(loop, iteration, inputs)).of(loop.element);
    const { shape } = this.#values[loop.output];
    const raw = this.#value(shape);
    const { finish, ...rest } = loop;
    this.#loops.push({ ...rest, inputs: inputs.list, element, output: raw });
    const total = this.#reduced(raw, shape, loop.node);
    if (finish === undefined) return total;
    const last = new Inputs();
    const own = this.#operands(loop, shape, last);
    const operands: Operands = { ...own, active: () => true, residue: () => last.place(contiguous(total, shape)) };
    const expr = new ResidueExpression(this.#field, operands).of(finish);
    const value = this.#value(shape);
    this.#loops.push({ node: loop.node, loop: "map", shape, inputs: last.list, outputs: [{ value, expr }] });
    return value;
  }

  #contract(loop: ContractLoop, raw: number): void {
    const twin = (access: Access): Access => ({ ...access, value: this.#residue(access.value) });
    const bias = loop.bias === undefined ? {} : { bias: twin(loop.bias) };
    this.#loops.push({ ...loop, a: twin(loop.a), b: twin(loop.b), ...bias, output: { ...loop.output, value: raw } });
  }

  #move(loop: MoveLoop): number {
    const pieces = loop.pieces.map((piece) => ({
      ...piece,
      from: { ...piece.from, value: this.#residue(piece.from.value) },
    }));
    const output = this.#value(loop.shape);
    this.#loops.push({ ...loop, pieces, output });
    return output;
  }

  #gather(loop: GatherLoop, raw?: number): number {
    const output = raw ?? this.#value(this.#values[loop.output].shape);
    const [table, indices] = [this.#residue(loop.table), this.#original(loop.indices, this.#read)];
    this.#loops.push({ ...loop, table, indices, output });
    return output;
  }
}

/** Whether a loop that does not depend on the gradient can be evaluated exactly. */
function translatable(loop: Loop): boolean {
  if (loop.loop === "map") return loop.outputs.every(({ expr }) => isRational(expr));
  if (loop.loop !== "reduce") return true;
  return loop.combine === "sum" && isRational(loop.element) && (loop.finish === undefined || isRational(loop.finish));
}

/**
 * The kernel modulo the field's prime; its outputs and derived data are named after `prefix`. Inputs that start with `d:` are
 * the incoming gradients.
 * @throws UsageError where the gradient is tested, or enters a function that is not rational.
 */
export function residueKernels(kernel: Kernel, field: Field, precision: Precision, prefix: string): ResidueKernels {
  return new Translation(kernel, field, precision, prefix).translate();
}
