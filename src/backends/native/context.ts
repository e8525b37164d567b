/** What the printers of one kernel share: where values live, run-time scalars, and what the runtime is told. */
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import { type Expr, visit } from "../../ir/expression.ts";
import type { Access, Kernel } from "../../ir/loops.ts";
import { bytesPerElement, type CarrierName, carrierOf, formatOfType } from "../layout.ts";
import type { PlannedKernel } from "../planner.ts";
import { drawHighWord } from "../stochastic.ts";
import type { Operands } from "../wasm/arithmetic.ts";
import type { ChoiceCells } from "../wasm/context.ts";
import { type Stream as Region, streamOf } from "../wasm/nest.ts";
import type { Bindings } from "./expression.ts";
import type { Line } from "./line.ts";
import type { Source } from "./source.ts";

/** An argument of the runtime: a number, or the address of something printed (undefined: none). */
export type Word = number | bigint | Source | undefined;

/** Kinds of loops: `runtime/addon.c`. */
export const kinds = { map: 0, reduce: 1, move: 2, gather: 3, scatter: 4, contract: 5 } as const;
/** Kinds of streams: `runtime/walk.h`. */
export const streams = { memory: 0, scalar: 1, index: 2 } as const;

/** An operand of a loop: a region of memory, or the index along an axis. */
export type Operand = { readonly region: Region } | { readonly axis: number };

export class Context {
  readonly name: string;
  readonly precision: Precision;
  readonly #planned: PlannedKernel;
  readonly #choices: ChoiceCells;

  constructor(name: string, planned: PlannedKernel, precision: Precision, choices: ChoiceCells) {
    this.name = name;
    this.#planned = planned;
    this.precision = precision;
    this.#choices = choices;
  }

  get kernel(): Kernel {
    return this.#planned.kernel;
  }

  carrier(value: number): CarrierName {
    return carrierOf(this.kernel.values[value].type, this.precision);
  }

  /** Undefined for int32 and bool. */
  format(value: number): Format | undefined {
    return formatOfType(this.kernel.values[value].type, this.precision);
  }

  address(value: number): number {
    return this.#planned.offsets[value];
  }

  bytes(value: number): number {
    return bytesPerElement(this.carrier(value));
  }

  region(access: Access): Region {
    return streamOf(this.carrier(access.value), this.address(access.value), access.offset, access.strides);
  }

  /** The float64 cells, at the start of the arena, of choices rounded to a format; the step is in the cell behind all of them. */
  scalars({ choices, draws }: Reads, format: Format | undefined): readonly Region[] {
    const places = choices.map((name) => this.#choices.address(this.name, name, format));
    if (draws) places.push(this.#choices.bytes);
    return places.map((place) => ({ carrier: "float64", address: place, strides: [] }));
  }
}

/** What the expressions of a loop read: inputs in order, then indices, then scalars (choices, and the step of draws). */
export interface Reads {
  readonly inputs: readonly number[];
  readonly axes: readonly number[];
  readonly choices: readonly string[];
  readonly draws: boolean;
}

export function readsOf(expressions: readonly Expr[]): Reads {
  const [inputs, axes, choices] = [new Set<number>(), new Set<number>(), new Set<string>()];
  let draws = false;
  for (const expr of expressions) {
    visit(expr, (e) => {
      if (e.kind === "input") inputs.add(e.input);
      else if (e.kind === "index") axes.add(e.axis);
      else if (e.kind === "choice") choices.add(e.name);
      else if (e.kind === "draw") draws = true;
    });
  }
  return { inputs: [...inputs], axes: [...axes], choices: [...choices], draws };
}

/**
 * Declares what is read as inputs of a line, in order, and says how expressions refer to it.
 * @param carriers Of the inputs, and whether each moves along the line.
 */
export function bind(
  line: Line,
  reads: Reads,
  carriers: readonly { readonly carrier: CarrierName; readonly moves: boolean }[],
  { scalar }: Operands,
  { seed }: Precision,
): Bindings {
  const inputs = new Map(reads.inputs.map((input, i) => [input, line.input(carriers[i].carrier, carriers[i].moves)]));
  const axes = new Map(reads.axes.map((axis) => [axis, line.input("int32")]));
  const choices = new Map(reads.choices.map((name) => [name, line.input("float64", false)]));
  const step = reads.draws ? line.scalar() : "";
  const words = [seed >>> 0, drawHighWord(seed)].map((word) => `${word}u`).join(", ");
  return {
    input: (input) => inputs.get(input) as string,
    index: (axis) => axes.get(axis) as string,
    choice: (name) => choices.get(name) as string,
    option: (value) => (scalar === undefined ? value : round(scalar, value)),
    draw: (stream, a, b) => `draw64(${a}, ${b}, ${step}, ${stream >>> 0}u, ${words})`,
  };
}

/** A stream as the runtime reads it: kind, address (or axis), bytes of an element, strides in bytes. */
export function streamWords(operand: Operand, rank: number, moves: boolean): number[] {
  if ("axis" in operand) return [streams.index, operand.axis, 4, ...new Array<number>(rank).fill(0)];
  const { carrier, address, strides } = operand.region;
  const kind = moves ? streams.memory : streams.scalar;
  return [kind, address, bytesPerElement(carrier), ...Array.from({ length: rank }, (_, axis) => strides[axis] ?? 0)];
}
