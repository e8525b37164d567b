/** How well points are apart: duplicates, antipodes, and delta = the least sine of an angle between two of them. */
import { sinPi } from "../../base/angles.ts";
import { angle, type Points } from "./points.ts";

export interface PairReport {
  /** Least sine of an angle between two points; 1 for a single point. */
  readonly delta: number;
  /** Pairs of indices at angle 0 and pi, up to rounding; at most `mostPairs` of each. */
  readonly duplicates: readonly (readonly [number, number])[];
  readonly antipodes: readonly (readonly [number, number])[];
  /** Numbers of all such pairs. */
  readonly duplicateCount: number;
  readonly antipodeCount: number;
}

const mostPairs = 20;
/** Angles below this are rounding of the coordinates. */
const rounding = 4 * 2 ** -52;

export function separation(points: Points): PairReport {
  const duplicates: [number, number][] = [];
  const antipodes: [number, number][] = [];
  let [duplicateCount, antipodeCount, delta] = [0, 0, 1];
  for (let i = 0; i < points.n; i++) {
    for (let j = i + 1; j < points.n; j++) {
      const t = angle(points, i, j);
      const gap = Math.min(t, Math.PI - t);
      delta = Math.min(delta, sinPi(gap / Math.PI));
      if (gap > rounding) continue;
      if (t < 1) {
        duplicateCount++;
        if (duplicates.length < mostPairs) duplicates.push([i, j]);
      } else {
        antipodeCount++;
        if (antipodes.length < mostPairs) antipodes.push([i, j]);
      }
    }
  }
  return { delta: delta <= rounding ? 0 : delta, duplicates, antipodes, duplicateCount, antipodeCount };
}
