/** Tied entries of a pool as places in the image: how many channels tie there, for zero and for more. */
import type { Tie } from "./ties.ts";

export interface TiedPlace {
  /** Place in the image, in pixels. */
  readonly row: number;
  readonly column: number;
  /** Share of the channels in which the place is tied for 0, and for another value. */
  readonly atZero: number;
  readonly other: number;
}

/** @param size Height and width of the image and of the pool's operand. */
export function tiedPlaces(
  ties: readonly Tie[],
  channels: number,
  image: readonly [height: number, width: number],
  operand: readonly [height: number, width: number],
): TiedPlace[] {
  const counts = new Map<number, { atZero: Set<number>; other: Set<number> }>();
  for (const { channel, value, entries } of ties) {
    for (const [row, column] of entries) {
      const place = row * operand[1] + column;
      const known = counts.get(place) ?? { atZero: new Set<number>(), other: new Set<number>() };
      known[value === 0 ? "atZero" : "other"].add(channel);
      counts.set(place, known);
    }
  }
  const pixel = (at: number, axis: 0 | 1): number => ((at + 0.5) * image[axis]) / operand[axis] - 0.5;
  return [...counts].map(([place, { atZero, other }]) => ({
    row: pixel(Math.floor(place / operand[1]), 0),
    column: pixel(place % operand[1], 1),
    atZero: atZero.size / channels,
    other: other.size / channels,
  }));
}
