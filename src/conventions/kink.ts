/** Kinks and what may be chosen at them. */

/**
 * What is chosen at a kink: a number (the slope, or a tie's first weight), a named rule, or a number under the
 * `overwrite` rule of papers/relu0 2.2.
 */
export type Choice = number | string | { readonly value: number; readonly rule: "overwrite" };

/** A named set where an op is not differentiable. */
export interface Kink {
  /** "relu.zero". */
  readonly name: string;
  /** Readable: "x == 0". */
  readonly where: string;
  /** The one-sided slopes, readable: ["0", "1"]. */
  readonly slopes: readonly [string, string];
  /** Rules accepted by name ("hybrid:B" stands for any finite number B); `number` says whether any number is accepted too. */
  readonly rules: readonly string[];
  /** Other names of rules. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Rules that change the forward as well (so they are not local), each with the op that computes it. */
  readonly forward?: Readonly<Record<string, string>>;
  readonly number: boolean;
  /** Whether `overwrite` is meaningful. */
  readonly overwrite: boolean;
  readonly default: Choice;
}
