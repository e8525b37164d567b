/** Vectors from and to memory: contiguous, repeated, or strided lanes; nothing outside an output is ever written. */
import { bytesPerElement } from "../layout.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { Nest, Place } from "./nest.ts";

/** Pushes the address of a place moved by `bytes`, and returns the constant offset that the instruction adds. */
export function pushAddress(f: FunctionBuilder, place: Place, bytes = 0): number {
  const offset = place.offset + place.unrolled + bytes;
  if (place.pointer === undefined) f.i32(0);
  else f.get(place.pointer);
  if (offset >= 0) return offset;
  f.i32(offset).op("i32.add");
  return 0;
}

/**
 * Pushes the current vector of a stream in its carrier's lanes, `count` of them from lane 0. Lanes after the last
 * element hold anything that lies in the arena.
 */
export function loadVector(f: FunctionBuilder, nest: Nest, place: Place, count: number): void {
  const bytes = bytesPerElement(place.carrier);
  if (place.stride === 0) {
    f.memory(bytes === 4 ? "v128.load32_splat" : "v128.load64_splat", pushAddress(f, place));
  } else if (place.stride === bytes) {
    f.memory(bytes * count === 16 ? "v128.load" : "v128.load64_zero", pushAddress(f, place), 2);
  } else if (place.stride === 2 * bytes && bytes * count === 16 && bytes === 4) {
    f.memory("v128.load", pushAddress(f, place), 2);
    f.memory("v128.load", pushAddress(f, place, 16), 2);
    f.shuffleLanes([0, 2, 4, 6]);
  } else {
    const vector = f.local("v128");
    const gather = (lanes: number): void => {
      f.memory(bytes === 4 ? "v128.load32_zero" : "v128.load64_zero", pushAddress(f, place));
      for (let lane = 1; lane < lanes; lane++) {
        f.set(vector);
        const offset = pushAddress(f, place, lane * place.stride);
        f.get(vector).laneMemory(bytes === 4 ? "v128.load32_lane" : "v128.load64_lane", lane, offset);
      }
    };
    nest.lanes(() => gather(count), gather, "v128");
  }
}

/** Stores the first lanes of `vector`, which is in the carrier's lanes, `count` of them in a whole vector. */
export function storeVector(f: FunctionBuilder, nest: Nest, place: Place, vector: Local, count: number): void {
  nest.lanes(
    () => storeLanes(f, place, vector, count),
    (lanes) => storeLanes(f, place, vector, lanes),
  );
}

/** Stores lanes 0 .. lanes - 1 of `vector`. */
export function storeLanes(f: FunctionBuilder, place: Place, vector: Local, lanes: number): void {
  const bytes = place.carrier === "float64" ? 8 : 4;
  const lane = (width: 4 | 8, number: number, moved: number): void => {
    const offset = pushAddress(f, place, moved);
    f.get(vector).laneMemory(width === 4 ? "v128.store32_lane" : "v128.store64_lane", number, offset);
  };
  if (place.stride !== bytes) {
    for (let i = 0; i < lanes; i++) lane(bytes, i, i * place.stride);
    return;
  }
  if (lanes * bytes === 16) {
    const offset = pushAddress(f, place);
    f.get(vector).memory("v128.store", offset, 2);
    return;
  }
  for (let done = 0; done < lanes * bytes; ) {
    const width = lanes * bytes - done >= 8 ? 8 : 4;
    lane(width, done / width, done);
    done += width;
  }
}
