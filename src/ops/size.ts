/** Options that are a size along height and width. */
import { UsageError } from "../base/errors.ts";
import type { Json } from "../ir/program.ts";

/** [height, width]. */
export type Pair = readonly [number, number];

/** A whole number or [height, width] as a pair. @throws UsageError below `least`. */
export function pairOf(op: string, name: string, value: Json | undefined, least: number): Pair {
  const [height, width] = Array.isArray(value) ? value : [value, value];
  if (Number.isInteger(height) && Number.isInteger(width) && height >= least && width >= least) return [height, width];
  throw new UsageError(`${op}: ${name} is ${JSON.stringify(value)}, expected whole numbers from ${least}`);
}
