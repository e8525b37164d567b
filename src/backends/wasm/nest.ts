/** Loop nests over strided streams: static extents, one vector axis, pointers shared by streams that move together. */
import type { Shape } from "../../base/shape.ts";
import type { Range } from "../../ir/decide.ts";
import { bytesPerElement, type CarrierName } from "../layout.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";

/** One operand of a loop in memory: byte address of its first element, byte strides along the axes of the nest. */
export interface Stream {
  readonly carrier: CarrierName;
  readonly address: number;
  readonly strides: readonly number[];
}

/** A stream of elements. */
export function streamOf(carrier: CarrierName, address: number, offset: number, strides: readonly number[]): Stream {
  const bytes = bytesPerElement(carrier);
  return { carrier, address: address + offset * bytes, strides: strides.map((stride) => stride * bytes) };
}

/** Drops axes of extent 1 and joins neighbors (inside each group of axes) that every stream walks as one. */
export function coalesce(
  groups: readonly Shape[],
  streams: readonly Stream[],
): { readonly groups: readonly Shape[]; readonly streams: readonly Stream[] } {
  const strides: number[][] = streams.map(() => []);
  let axis = 0;
  const joined = groups.map((shape) => {
    const result: number[] = [];
    for (const extent of shape) {
      const here = streams.map((stream) => stream.strides[axis]);
      axis += 1;
      if (extent === 1) continue;
      const last = strides.map((own) => own[own.length - 1]);
      if (result.length > 0 && here.every((stride, i) => last[i] === stride * extent)) {
        result[result.length - 1] *= extent;
        here.forEach((stride, i) => {
          strides[i][strides[i].length - 1] = stride;
        });
      } else {
        result.push(extent);
        here.forEach((stride, i) => {
          strides[i].push(stride);
        });
      }
    }
    return result;
  });
  return { groups: joined, streams: streams.map((stream, i) => ({ ...stream, strides: strides[i] })) };
}

/** Where a stream's current element is: the sum of a pointer (none: 0) and a constant. */
export interface Place {
  readonly pointer: Local | undefined;
  readonly offset: number;
  /** Bytes to add to the offset while axes are unrolled. */
  unrolled: number;
  /** Byte stride along the vector axis. */
  readonly stride: number;
  readonly carrier: CarrierName;
}

interface Pointer {
  readonly local: Local;
  readonly strides: readonly number[];
}

export class Nest {
  readonly #f: FunctionBuilder;
  readonly #extents: readonly number[];
  readonly #pointers: Pointer[] = [];
  readonly #streams: readonly Stream[];
  readonly places: readonly Place[];
  /** Current index along each axis. */
  readonly counters: readonly Local[];
  /** The index along an axis that is being unrolled. */
  readonly fixed: (number | undefined)[];
  readonly #unrolled: ReadonlySet<number>;
  /** The axis walked several elements at a time, and how many. */
  readonly vectorAxis: number;
  readonly width: number;

  /** Pointers and counters are set to the start. @param unrolled Axes whose iterations are written out. */
  constructor(
    f: FunctionBuilder,
    extents: readonly number[],
    streams: readonly Stream[],
    vectorAxis: number,
    width: number,
    unrolled: ReadonlySet<number> = new Set(),
  ) {
    this.#f = f;
    this.#unrolled = unrolled;
    this.#extents = extents;
    this.#streams = streams;
    this.fixed = extents.map(() => undefined);
    this.vectorAxis = vectorAxis;
    this.width = width;
    this.counters = extents.map(() => f.local("i32"));
    const known = new Map<string, Local>();
    this.places = streams.map(({ carrier, address, strides }) => {
      const stride = vectorAxis < 0 ? 0 : strides[vectorAxis];
      if (strides.every((s) => s === 0)) return { pointer: undefined, offset: address, unrolled: 0, stride, carrier };
      // A pointer that walks backwards would be negative if it started from 0: it holds the address itself.
      const start = strides.some((s) => s < 0) ? address : 0;
      const key = `${start}:${strides.join(",")}`;
      let local = known.get(key);
      if (local === undefined) {
        local = f.local("i32");
        f.i32(start).set(local);
        known.set(key, local);
        this.#pointers.push({ local, strides });
      }
      return { pointer: local, offset: address - start, unrolled: 0, stride, carrier };
    });
  }

  /** Elements along the vector axis that are left over after whole vectors. */
  get remainder(): number {
    return this.vectorAxis < 0 ? 0 : this.#extents[this.vectorAxis] % this.width;
  }

  /** Runs `body` over the axes from .. to - 1, outermost first; every pointer ends where it started. */
  loop(from: number, to: number, body: () => void): void {
    if (from === to) {
      body();
      return;
    }
    if (this.#unrolled.has(from)) {
      this.#unroll(from, () => this.loop(from + 1, to, body));
      return;
    }
    const f = this.#f;
    const step = from === this.vectorAxis ? this.width : 1;
    const iterations = Math.ceil(this.#extents[from] / step);
    if (iterations === 0) return;
    const counter = this.counters[from];
    if (iterations === 1) {
      f.i32(0).set(counter);
      this.loop(from + 1, to, body);
      return;
    }
    f.i32(0)
      .set(counter)
      .loop((again) => {
        this.loop(from + 1, to, body);
        this.#advance(from, step);
        f.increment(counter, step);
        f.get(counter)
          .i32(iterations * step)
          .op("i32.lt_u")
          .branchIf(again);
      });
    this.#advance(from, -step * iterations);
  }

  /** Writes `body` once for every index: places take the steps. */
  #unroll(axis: number, body: () => void): void {
    const shift = (count: number): void =>
      this.places.forEach((place, i) => {
        place.unrolled += this.#streams[i].strides[axis] * count;
      });
    for (let index = 0; index < this.#extents[axis]; index++) {
      this.fixed[axis] = index;
      body();
      shift(1);
    }
    shift(-this.#extents[axis]);
    this.fixed[axis] = undefined;
  }

  /** Where the index of each axis can be at this point of the code. */
  get ranges(): readonly Range[] {
    return this.#extents.map((extent, axis) => {
      const index = this.fixed[axis];
      return index === undefined ? [0, extent - 1] : [index, index];
    });
  }

  #advance(axis: number, count: number): void {
    for (const { local, strides } of this.#pointers) {
      if (strides[axis] !== 0) this.#f.increment(local, strides[axis] * count);
    }
  }

  /** `whole()` where all lanes of the current vector are inside, `part(lanes)` for the last one where some are not. */
  lanes(whole: () => void, part: (lanes: number) => void, result?: "v128"): void {
    const { remainder, vectorAxis, width } = this;
    if (remainder === 0 && vectorAxis >= 0) {
      whole();
      return;
    }
    const extent = vectorAxis < 0 ? 1 : this.#extents[vectorAxis];
    if (extent < width) {
      part(extent);
      return;
    }
    this.#f
      .get(this.counters[vectorAxis])
      .i32(extent - remainder)
      .op("i32.lt_u");
    this.#f.if(whole, () => part(remainder), result);
  }
}
