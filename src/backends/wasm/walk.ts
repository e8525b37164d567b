/**
 * How the place of an element depends on one index of a contraction: by a stride, or, where several axes make up the
 * index, by a table of offsets in memory.
 */
import type { Shape } from "../../base/shape.ts";
import { sizeOf } from "../../base/shape.ts";

export interface Walk {
  readonly extent: number;
  /** Elements from one index to the next; undefined where only the table says. */
  readonly stride: number | undefined;
  /** Indices in every aligned group of this many are neighbors in memory. */
  readonly run: number;
  /** Axes and element strides that the table spells out. */
  readonly axes: Shape;
  readonly strides: readonly number[];
}

/** The walk over the axes `shape`, which are joined where they are walked as one. */
export function walkOf(shape: Shape, strides: readonly number[]): Walk {
  const axes: number[] = [];
  const own: number[] = [];
  shape.forEach((extent, axis) => {
    const last = axes.length - 1;
    if (extent === 1) return;
    if (last >= 0 && own[last] === strides[axis] * extent) {
      axes[last] *= extent;
      own[last] = strides[axis];
    } else {
      axes.push(extent);
      own.push(strides[axis]);
    }
  });
  const extent = sizeOf(shape);
  const inner = axes.length - 1;
  const stride = axes.length <= 1 ? (own[0] ?? strides[strides.length - 1] ?? 0) : undefined;
  const run = inner >= 0 && own[inner] === 1 ? axes[inner] : 1;
  return { extent, stride, run, axes, strides: own };
}

/** Whether whole vectors of `lanes` elements, starting at multiples of `lanes`, are contiguous. */
export function isVectorWalk(walk: Walk, lanes: number): boolean {
  return walk.stride === 1 || (walk.stride === undefined && walk.run % lanes === 0);
}

/** The offset of every index, in elements. */
export function offsetsOf({ axes, strides, extent }: Walk): Int32Array {
  const offsets = new Int32Array(extent);
  let filled = 1;
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    for (let i = 1; i < axes[axis]; i++) {
      for (let j = 0; j < filled; j++) offsets[i * filled + j] = offsets[j] + i * strides[axis];
    }
    filled *= axes[axis];
  }
  return offsets;
}

/** Tables of byte offsets that an engine keeps in its memory; equal ones are kept once. */
export class WalkTables {
  readonly #tables = new Map<string, { readonly address: number; readonly walk: Walk; readonly bytes: number }>();
  readonly #start: number;
  #end: number;

  /** @param start Byte address of the first table. */
  constructor(start = 0) {
    this.#start = Math.ceil(start / 64) * 64;
    this.#end = this.#start;
  }

  /** Byte address behind the last table. */
  get end(): number {
    return this.#end;
  }

  /** Makes room for the table of a walk over elements of so many bytes; returns its address. */
  address(walk: Walk, bytes: number): number {
    const key = JSON.stringify([walk.axes, walk.strides, bytes]);
    let known = this.#tables.get(key);
    if (known === undefined) {
      known = { address: this.#end, walk, bytes };
      this.#tables.set(key, known);
      // Vectors of offsets may be read past the end.
      this.#end += Math.ceil((walk.extent * 4 + 32) / 64) * 64;
    }
    return known.address;
  }

  write(memory: ArrayBufferLike): void {
    for (const { address, walk, bytes } of this.#tables.values()) {
      const offsets = offsetsOf(walk);
      new Int32Array(memory, address, offsets.length).set(offsets.map((offset) => offset * bytes));
    }
  }
}
