/** What the code generators of one kernel share: where values live, run-time scalars, calls back into JavaScript. */
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Access, Kernel } from "../../ir/loops.ts";
import { type CarrierName, carrierOf, formatOfType } from "../layout.ts";
import type { PlannedKernel } from "../planner.ts";
import type { FunctionBuilder, Module } from "./assembler.ts";
import { type Stream, streamOf } from "./nest.ts";
import type { WalkTables } from "./walk.ts";

/**
 * A scalar computation that WebAssembly does not have: correctly rounded arithmetic in directed modes, random draws.
 * `element` is the row-major index of the result, `k` the place in its sum.
 */
export type HostFunction = (a: number, b: number, element: number, k: number) => number;

/** All host functions of an engine behind one import: (number, a, b, element, k) -> f64. */
export class Host {
  readonly #functions: HostFunction[] = [];
  /** Coordinate of stochastic rounding. */
  step = 0;
  /** Function index of the import. */
  readonly callee: number;

  constructor(module: Module) {
    this.callee = module.importFunction("engine", "host", ["i32", "f64", "f64", "i32", "i32"], ["f64"]);
  }

  register(computation: HostFunction): number {
    return this.#functions.push(computation) - 1;
  }

  readonly call = (number: number, a: number, b: number, element: number, k: number): number =>
    this.#functions[number](a, b, element, k);
}

/** Memory cells of run-time scalars: one per kernel, name and format to which the choice is rounded. */
export class ChoiceCells {
  readonly cells: { readonly kernel: string; readonly name: string; readonly format: Format | undefined }[] = [];
  readonly #numbers = new Map<string, number>();

  add(kernel: string, name: string, format: Format | undefined): void {
    const key = this.#key(kernel, name, format);
    if (!this.#numbers.has(key)) this.#numbers.set(key, this.cells.push({ kernel, name, format }) - 1);
  }

  /** Byte address of the float64 that holds the choice. */
  address(kernel: string, name: string, format: Format | undefined): number {
    return (this.#numbers.get(this.#key(kernel, name, format)) as number) * 8;
  }

  get bytes(): number {
    return this.cells.length * 8;
  }

  #key(kernel: string, name: string, format: Format | undefined): string {
    return JSON.stringify([kernel, name, format]);
  }
}

export class Context {
  readonly module: Module;
  readonly name: string;
  readonly precision: Precision;
  readonly host: Host;
  readonly choices: ChoiceCells;
  readonly tables: WalkTables;
  /** One function per loop, in order of execution. */
  readonly functions: FunctionBuilder[] = [];
  readonly #planned: PlannedKernel;

  constructor(
    module: Module,
    name: string,
    planned: PlannedKernel,
    precision: Precision,
    host: Host,
    choices: ChoiceCells,
    tables: WalkTables,
  ) {
    this.module = module;
    this.name = name;
    this.#planned = planned;
    this.precision = precision;
    this.host = host;
    this.choices = choices;
    this.tables = tables;
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

  /** Byte address of a value. */
  address(value: number): number {
    return this.#planned.offsets[value];
  }

  stream(access: Access): Stream {
    return streamOf(this.carrier(access.value), this.address(access.value), access.offset, access.strides);
  }
}
