/** What an experiment is: plain data, a trial function, a figure and claims. */
import type { ImageSet, Images, Split } from "../data/image-set.ts";
import type { FigureSpec } from "./figure.ts";
import type { Parameter, ParameterRecord, Plain } from "./parameters.ts";

/** quick: for tests; minimal: what shows most of the result on a small machine; paper: as published. */
export const scales = ["quick", "minimal", "paper"] as const;
export type Scale = (typeof scales)[number];

/** What a trial may use besides its parameters. */
export interface TrialContext {
  /** Root of every random stream of the trial; name the streams after what they draw and the index within the grid. */
  readonly seed: number;
  readonly id: string;
  /** Computes the trial; bits do not depend on it. */
  readonly backend: string;
  readonly signal: AbortSignal;
  /** The images of a data set, loaded once per worker. */
  data(name: string, split?: Split): ImageSet;
  /** The same as its reader yields it: bytes, floats, or pictures decoded on demand. */
  images(name: string, split?: Split): Images;
  /** Share done, in [0, 1]. Call it often: it costs little. */
  progress(share: number): void;
}

/** What every stored row has besides the trial's parameters and what the trial measured. */
export interface RowIdentity {
  readonly trial: string;
  /** Index among the rows of its trial, and their number. */
  readonly row: number;
  readonly of: number;
  readonly seed: number;
  readonly numerics: number;
}

/** Parameters of the trial, then what it measured (which wins where a name is in both), then the identity. */
export type StoredRow<P extends object = ParameterRecord, R extends object = ParameterRecord> = P & R & RowIdentity;

export type Verdict = "holds" | "fails" | "undecided" | "not-run";

export interface Evaluation {
  readonly verdict: Verdict;
  /** Our number(s), beside `published`. */
  readonly ours: string;
  /** Rows the verdict rests on; by default all that were given. */
  readonly rows?: number;
}

/** A published statement as a predicate over stored rows. */
export interface Claim<P extends object = ParameterRecord, R extends object = ParameterRecord> {
  /** "relu0/C1" */
  readonly id: string;
  readonly statement: string;
  readonly published: string;
  /** When it holds, when it fails, in words. */
  readonly rule: string;
  /** `rows` hold each trial of one scale once and are not empty. */
  evaluate(rows: readonly StoredRow<P, R>[]): Evaluation;
}

/** A data set whose checksums belong to the run. */
export interface DataUse {
  readonly name: string;
  readonly split: Split;
}

/**
 * P: parameters of one trial. R: what one row measures.
 * A trial's parameters are the defaults, then those of the scale, then the cell of the grid, then the user's; cells
 * that become equal are run once. So a user's `format=float32` restricts a sweep over formats.
 */
export interface Experiment<P extends object = ParameterRecord, R extends object = ParameterRecord> {
  /** "relu0/volume" */
  readonly id: string;
  /** "relu0" */
  readonly paper: string;
  /** "E2; section 3, figure 3" */
  readonly source: string;
  readonly title: string;
  readonly parameters: { readonly [K in keyof P]: Parameter<P[K]> };
  /** Parameters of all trials of a scale. */
  readonly scales?: Readonly<Partial<Record<Scale, Partial<P>>>>;
  /** The cells: `parameters` are the resolved ones before any cell. */
  grid(scale: Scale, parameters: P): readonly Partial<P>[];
  /** Data sets whose checksums are recorded and checked before the first trial. */
  data?(parameters: P): readonly DataUse[];
  /** Relative cost of a trial, for the time left. */
  cost?(parameters: P): number;
  trial(parameters: P, context: TrialContext): readonly R[] | Promise<readonly R[]>;
  /** Published numbers, as `figure` and the claims want them. */
  readonly published?: Plain;
  /** @throws DataError if the rows do not suffice. */
  figure(rows: readonly StoredRow<P, R>[]): FigureSpec;
  readonly claims: readonly Claim<P, R>[];
}

/** Identity that infers the types of an experiment's functions from its parameters. */
export function experiment<P extends object, R extends object>(definition: Experiment<P, R>): Experiment<P, R> {
  return definition;
}
