/** What a backend is: it turns lowered kernels that share one arena into things that run. */
import type { Precision } from "../formats/precision.ts";
import type { Kernel } from "../ir/loops.ts";

export type Carrier = Float32Array | Float64Array | Int32Array;

/**
 * Several kernels over one arena. Inputs and outputs of the same name are one buffer, in every kernel: that is how a
 * forward hands its residuals to many pullbacks and how weights are shared. Running allocates nothing.
 */
export interface Engine {
  readonly backend: string;
  /** Bytes of the arena. */
  readonly bytes: number;
  /**
   * The values of a named input or output in its carrier (narrow formats live in float32, ints and bools in int32),
   * row-major. A view of the arena: valid until the engine is disposed. Writers must store values of the format;
   * `write` rounds.
   */
  buffer(name: string): Carrier;
  /** Rounds to nearest and stores (rounding modes belong to operations). Throws UsageError on a wrong length. */
  write(name: string, data: ArrayLike<number>): void;
  /** Sets a run-time scalar in one kernel, or in all that have it. Each kernel starts with its own initial values. */
  setChoice(name: string, value: number, kernel?: string): void;
  /** Coordinate of stochastic rounding. */
  setStep(step: number): void;
  run(kernel: string): void;
  dispose(): void;
}

export interface Backend {
  readonly name: string;
  /** Whether every operation of this precision can be done here with the documented bits. */
  supports(precision: Precision): boolean;
  /**
   * @param threads How many may run a program together (default 1); a backend may use fewer. The bits are the same.
   * @throws UsageError if the arena does not fit in memory (said before anything is allocated).
   */
  compile(kernels: Readonly<Record<string, Kernel>>, precision: Precision, threads?: number): Engine;
  /** What `auto` calls where it is there: `compile`, or undefined where another backend is the better choice now. */
  compileIfWorth?(
    kernels: Readonly<Record<string, Kernel>>,
    precision: Precision,
    threads?: number,
  ): Engine | undefined;
}
