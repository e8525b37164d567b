/** What an op is: shapes, a lowering to loops, derivative rules, and named kinks. */
import type { Choice, Kink } from "../conventions/kink.ts";
import type { Expr } from "../ir/expression.ts";
import type { Access, ElementType, Loop, ValueType } from "../ir/loops.ts";
import type { Json, Node } from "../ir/program.ts";

export type Options = { readonly [key: string]: Json };

/** An option of an op as users write it: `clamp(x, low=0, high=6)`. */
export interface OptionSpec {
  readonly name: string;
  /** A "size" is a whole number or [height, width]. */
  readonly type: "number" | "numbers" | "integer" | "integers" | "size" | "boolean" | "string" | "expression";
  readonly default?: Json;
  readonly doc: string;
}

/** The choice in force at one kink of one node. */
export interface Chosen {
  readonly choice: Choice;
  /** The run-time scalar that holds a numeric choice. */
  readonly parameter: string;
}

/** Builds nodes: what derivative rules write with. Values are opaque numbers of the program under construction. */
export interface Builder {
  type(value: number): ValueType;
  /** Applies an op of the registry by name; returns its outputs. */
  apply(op: string, inputs: readonly number[], options?: Options): readonly number[];
}

/** One node seen by its derivative rules. */
export interface Application {
  readonly node: Node;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Options;
  /** The choice at one of the op's kinks, by kink name. */
  chosen(kink: string): Chosen;
}

/** Declares values and loops while an op is lowered. */
export interface Lowering {
  readonly node: Node;
  /** Kernel values of the op's inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  type(value: number): ValueType;
  /** A scratch value. */
  scratch(shape: readonly number[], type: ElementType): number;
  /** Row-major access to a value, broadcast to `shape`. */
  read(value: number, shape: readonly number[]): Access;
  emit(loop: Loop): void;
}

export interface Op {
  readonly name: string;
  readonly doc: string;
  /** Operand names; a trailing "..." takes any number, a trailing "?" may be left out. */
  readonly operands: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly kinks: readonly Kink[];
  /** Types of the outputs. Throws ShapeError: op, what was found, what was expected. */
  infer(inputs: readonly ValueType[], options: Options): readonly ValueType[];
  lower(context: Lowering): void;
  /**
   * Adjoints of the inputs from those of the outputs (undefined: no contribution, or not differentiable in it).
   * Undefined for ops without float inputs.
   */
  pullback?(b: Builder, at: Application, cotangents: readonly (number | undefined)[]): readonly (number | undefined)[];
  /** Tangents of the outputs. `oneSided` resolves kinks by the sign of the tangent instead of by the choice. */
  pushforward?(
    b: Builder,
    at: Application,
    tangents: readonly (number | undefined)[],
    oneSided: boolean,
  ): readonly (number | undefined)[];
  /** For each kink, an int32 count of elements on it, written with other ops: the census. */
  census?(b: Builder, at: Application, kink: string): number;
  /**
   * For ops that select one of several entries: per result how many of them are tied (int32), the place of the first
   * among its window's (int32, row-major), and the value that they share.
   */
  ties?(b: Builder, at: Application): { readonly count: number; readonly first: number; readonly value: number };
  /** An int32 count of NaN operands, for ops that declare what a NaN does to the gradient. */
  nanCensus?(b: Builder, at: Application): number;
}

export type { Choice, Expr, Kink };
