/** The contraction that the parts of its driver write, and the sizes they all need. */
import type { ContractLoop } from "../../ir/loops.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import type { Frame, Name } from "./contract-frame.ts";
import type { ContractPlan } from "./contract-plan.ts";
import { type Steps, tileVectors } from "./tile.ts";

export interface Site {
  readonly context: Context;
  readonly f: FunctionBuilder;
  readonly frame: Frame;
  readonly loop: ContractLoop;
  readonly plan: ContractPlan;
  readonly steps: Steps;
  /** Byte address of the plan's scratch memory. */
  readonly scratch: number;
}

/** Bytes of an element of a sum. */
export const sumBytes = ({ plan }: Site): number => 2 ** plan.lanes.logBytes;

/** Columns of a full tile. */
export const tileColumns = ({ plan }: Site): number => tileVectors * plan.lanes.count;

/** Whether sums wait in scratch memory, by packed columns. */
export const isLocal = ({ plan }: Site): boolean => plan.scratch.total !== undefined;

/** Bytes of an element of a value in memory. */
export const carrierBytes = ({ context }: Site, value: number): 4 | 8 => (context.carrier(value) === "float64" ? 8 : 4);

/** The tile at `inner` of the packed `count`, along an axis of the given extent whose full tiles have `full`. */
interface Edge {
  readonly inner: Name;
  readonly count: Name;
  readonly extent: number;
  readonly full: number;
}

/** Calls `use` with the extent of the current tile along one axis: full, or what is left at the end. */
export function emitEdge({ f, frame }: Site, edge: Edge, use: (extent: number) => void): void {
  const { inner, count, extent, full } = edge;
  const rest = extent % full;
  if (rest === 0 || extent < full) {
    use(rest === 0 ? full : rest);
    return;
  }
  f.get(frame.at(count)).get(frame.at(inner)).op("i32.sub").i32(full).op("i32.ge_u");
  f.if(
    () => use(full),
    () => use(rest),
  );
}
