/** A precision fills the format slots of a program and says how sums are done (docs/numerics.md). */
import type { Format, Rounding } from "./format.ts";

export interface Precision {
  /** Format of every value whose slot is "store". */
  readonly store: Format;
  /** Format to which the operands of contractions are rounded. */
  readonly operands: Format;
  /** Format of sums; the wider of float32 and store unless given. */
  readonly accumulate: Format;
  readonly bias: "once" | "rounded";
  readonly arithmetic: "strict" | "fused";
  /** Block length of every sum; Infinity is one chain. */
  readonly block: number;
  readonly rounding: Rounding;
  /** Subnormal inputs and results become zeros of their sign. */
  readonly flush: boolean;
  /** Seed of stochastic rounding. */
  readonly seed: number;
  /** Further slots by name. */
  readonly slots: Readonly<Record<string, Format>>;
}
