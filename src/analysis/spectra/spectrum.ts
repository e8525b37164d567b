/** The spectrum of a Gram matrix with everything that is needed to trust it. */
import type { Activation } from "./activation.ts";
import { circleEigenvalues } from "./circle.ts";
import { type Eigenvalues, eigenvalues, factoredEigenvalues } from "./eigenvalues.ts";
import { type InfiniteOptions, infiniteGram } from "./infinite.ts";
import { exactInfiniteGram } from "./infinite-exact.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import type { Points } from "./points.ts";

export interface Spectrum {
  readonly n: number;
  readonly method: string;
  /** Ascending. */
  readonly eigenvalues: Float64Array;
  /** Absolute bounds. */
  readonly errorBounds: Float64Array;
  /** Whether an eigenvalue exceeds its error bound. */
  readonly resolved: readonly boolean[];
  /** The error bound of the smallest eigenvalue: what lies below is not known. */
  readonly floor: number;
  readonly lambdaMin: number;
  readonly lambdaMax: number;
  /** lambdaMax / lambdaMin, null where lambdaMin is not resolved. */
  readonly condition: number | null;
  /** Numbers of eigenvalues below eps x lambdaMax. */
  readonly counts: Readonly<Record<string, number>>;
}

export const countLevels: readonly string[] = ["1e-3", "1e-6", "1e-10", "1e-14", "1e-16"];

export function spectrumOf({ values, errors, method }: Eigenvalues): Spectrum {
  const n = values.length;
  const resolved = Array.from(values, (value, i) => value > errors[i]);
  const [lambdaMin, lambdaMax] = [values[0], values[n - 1]];
  const below = (level: string): number => values.filter((value) => value < Number(level) * lambdaMax).length;
  return {
    n,
    method,
    eigenvalues: values,
    errorBounds: errors,
    resolved,
    floor: errors[0],
    lambdaMin,
    lambdaMax,
    condition: resolved[0] ? lambdaMax / lambdaMin : null,
    counts: Object.fromEntries(countLevels.map((level) => [level, below(level)])),
  };
}

/** Beyond, double-double arithmetic on all pairs takes minutes. */
const mostFactored = 400;

/** The finer of the two: float64, and, where that leaves eigenvalues unresolved, the double-double factor. */
export function finest(coarse: SymmetricMatrix, exact: () => SymmetricMatrix | undefined): Eigenvalues {
  const plain = eigenvalues(coarse);
  if (coarse.n > mostFactored || plain.values[0] > 1e3 * plain.errors[0]) return plain;
  const fine = exact();
  return fine === undefined ? plain : factoredEigenvalues(fine);
}

/** Infinite width, by the method that resolves most. */
export function infiniteSpectrum(points: Points, activation: Activation, options: InfiniteOptions = {}): Spectrum {
  const plain =
    (options.depth ?? 1) === 1 && (options.layers ?? "first") === "first" && (options.bias ?? "none") === "none";
  const onCircle =
    plain && (options.normalization ?? "none") === "none" ? circleEigenvalues(points, activation) : undefined;
  if (onCircle !== undefined) return spectrumOf(onCircle);
  const coarse = infiniteGram(points, activation, options);
  return spectrumOf(finest(coarse, () => exactInfiniteGram(points, activation, options)));
}
