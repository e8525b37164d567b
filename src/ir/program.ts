/** Programs: straight-line lists of op applications with static shapes. Plain data, so it prints, serialises and travels. */
import type { ValueType } from "./loops.ts";

/** A JSON value: what options and conventions are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One application of an op. Values are numbered by their place in `Program.values`. */
export interface Node {
  /** Stable id: kink instances are named by it and it survives every transformation. */
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: { readonly [key: string]: Json };
  /** Where the call was traced: "file.ts:12:7", or the layer of a network: "conv1". */
  readonly source?: string;
}

export interface Program {
  readonly values: readonly ValueType[];
  readonly inputs: readonly { readonly name: string; readonly value: number }[];
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly alias?: string }[];
  readonly nodes: readonly Node[];
  /** Numeric choices at kinks: run-time scalars and their initial values. */
  readonly choices: readonly { readonly name: string; readonly value: number }[];
}
