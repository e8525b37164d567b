/** Which axis of a nest becomes lanes, and which axes are short enough to be written out. */
import { bytesPerElement } from "../layout.ts";
import type { Stream } from "./nest.ts";

/** Instructions that one vector of a stream costs, about: lanes side by side, every second one, anything else. */
const costs = { contiguous: 1, paired: 3, scattered: 6 } as const;

function cost({ carrier, strides }: Stream, axis: number): number {
  const stride = strides[axis] / bytesPerElement(carrier);
  if (stride === 0 || stride === 1) return costs.contiguous;
  return stride === 2 ? costs.paired : costs.scattered;
}

const reach = (streams: readonly Stream[], axis: number): number =>
  streams.reduce((sum, { strides }) => sum + Math.abs(strides[axis]), 0);

/**
 * The cheapest of `axes` to walk `count` elements at a time: by the instructions, then by the memory that a vector
 * touches. Axes shorter than a vector only where there is no other; -1 for none.
 */
export function vectorAxisOf(
  extents: readonly number[],
  axes: readonly number[],
  streams: readonly Stream[],
  count: number,
): number {
  const long = axes.filter((axis) => extents[axis] >= count);
  if (long.length === 0) return [...axes].sort((a, b) => extents[b] - extents[a])[0] ?? -1;
  const total = (axis: number): number => streams.reduce((sum, stream) => sum + cost(stream, axis), 0);
  return long.reduce((best, axis) => {
    const difference = total(axis) - total(best) || reach(streams, axis) - reach(streams, best);
    return difference <= 0 ? axis : best;
  });
}

/** Most copies of a loop's body. */
const mostCopies = 16;

/**
 * Axes to write out, from the innermost outwards: those inside the vector axis or among the terms, and those whose index
 * an expression reads (then its tests are decided), as long as the copies are few.
 */
export function unrolledAxes(
  extents: readonly number[],
  vectorAxis: number,
  outer: number,
  read: ReadonlySet<number>,
): ReadonlySet<number> {
  const chosen = new Set<number>();
  let copies = 1;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    if (axis === vectorAxis || extents[axis] === 1) continue;
    if (axis < outer && axis < vectorAxis && !read.has(axis)) continue;
    if (copies * extents[axis] > mostCopies) break;
    copies *= extents[axis];
    chosen.add(axis);
  }
  return chosen;
}
