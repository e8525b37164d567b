/**
 * Gram matrices in low precision (papers/activations E10). Mode G rounds the entries of the exact matrix; J rounds the features
 * a phi' and the points, their products being exact; W rounds weights and points before anything is computed.
 */
import { stream } from "../../base/random.ts";
import type { Format, Rounding } from "../../formats/index.ts";
import { rounder } from "../../formats/round.ts";
import type { FeatureOptions, Layer } from "./features.ts";
import type { SymmetricMatrix } from "./matrix.ts";
import type { Points } from "./points.ts";
import { mappedWeights } from "./weights.ts";

export const roundedModes = ["G", "J", "W"] as const;
export type RoundedMode = (typeof roundedModes)[number];

export interface RoundingOf {
  readonly format: Format;
  readonly rounding?: Rounding;
  readonly seed?: number;
}

type At = (x: number, index: number) => number;

/** Rounds to the format; stochastic rounding draws by index from a stream of that name. */
function roundAt({ format, rounding = "nearest", seed = 0 }: RoundingOf, what: string): At {
  const once = rounder(format, rounding);
  if (rounding !== "stochastic") return (x) => once(x);
  const draws = stream(seed, `spectra/rounding/${what}`);
  return (x, index) => once(x, draws.uniformAt(index));
}

/** The points with rounded coordinates. */
export function roundedPoints(points: Points, how: RoundingOf): Points {
  const { arc: _, ...rest } = points;
  const round = roundAt(how, "points");
  return { ...rest, rows: points.rows.map((x, i) => round(x, i)) };
}

/** The layer of mode J or W, and how its features are rounded. */
export function roundedLayer(
  layer: Layer,
  mode: "J" | "W",
  how: RoundingOf,
): { layer: Layer; options: FeatureOptions } {
  const points = roundedPoints(layer.points, how);
  if (mode === "J") return { layer: { ...layer, factors: points }, options: { round: roundAt(how, "features") } };
  const weights = mappedWeights(layer.weights, roundAt(how, "weights"));
  return { layer: { ...layer, weights, points, factors: points }, options: {} };
}

/** Mode G: every entry rounded once, both triangles alike. */
export function roundedEntries(a: SymmetricMatrix, how: RoundingOf): SymmetricMatrix {
  const round = roundAt(how, "entries");
  const { n } = a;
  const high = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = round(a.high[i * n + j], i * n + j);
      high[i * n + j] = entry;
      high[j * n + i] = entry;
    }
  }
  return { n, high, entryError: 0 };
}

/**
 * Unit roundoff u = 2^-p for p significant bits, and the floors that rounding makes: mode G u sqrt n mean |G_ij|; mode J
 * (u^2 / 6) E[(a phi')^2], the variance of the rounding of features, on the diagonal.
 */
export function predictedFloor(mode: RoundedMode, format: Format, a: SymmetricMatrix): number {
  const u = format.epsilon / 2;
  const { n, high } = a;
  if (mode === "W") return 0;
  let [mean, diagonal] = [0, 0];
  for (const entry of high) mean += Math.abs(entry) / (n * n);
  for (let i = 0; i < n; i++) diagonal += high[i * (n + 1)] / n;
  return mode === "G" ? u * Math.sqrt(n) * mean : ((u * u) / 6) * diagonal;
}
