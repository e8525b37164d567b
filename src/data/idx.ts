/** Reader of the IDX format (the MNIST files): big-endian header, row-major values, gzipped or not. */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shape.ts";
import { readMaybeGzipped } from "./read-file.ts";

export type IdxValues = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export interface Idx {
  readonly shape: Shape;
  readonly values: IdxValues;
}

interface ElementKind {
  readonly bytes: number;
  make(length: number): IdxValues;
  read(view: DataView, offset: number): number;
}

/** Type codes of the third header byte. */
const kinds: ReadonlyMap<number, ElementKind> = new Map<number, ElementKind>([
  [0x08, { bytes: 1, make: (n) => new Uint8Array(n), read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, make: (n) => new Int8Array(n), read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, make: (n) => new Int16Array(n), read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, make: (n) => new Int32Array(n), read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, make: (n) => new Float32Array(n), read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, make: (n) => new Float64Array(n), read: (view, at) => view.getFloat64(at) }],
]);

/**
 * Parses IDX bytes; `name` is how errors call the file.
 * @throws DataError on a wrong magic number, a truncated file or trailing bytes.
 */
export function parseIdx(bytes: Uint8Array, name: string): Idx {
  if (bytes.length < 4)
    throw new DataError(`${name}: found ${bytes.length} bytes, expected an IDX header of at least 4`);
  const kind = kinds.get(bytes[2]);
  if (bytes[0] !== 0 || bytes[1] !== 0 || kind === undefined) {
    const found = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new DataError(`${name}: found magic ${found}, expected an IDX magic such as 00 00 08 03`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = 4 + 4 * bytes[3];
  if (bytes.length < header) {
    throw new DataError(`${name}: truncated: found ${bytes.length} bytes, expected a header of ${header}`);
  }
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = sizeOf(shape);
  const expected = header + length * kind.bytes;
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? "truncated" : "trailing bytes";
    throw new DataError(`${name}: ${what}: found ${bytes.length} bytes, expected ${expected} for ${showShape(shape)}`);
  }
  const values = kind.make(length);
  if (values instanceof Uint8Array) values.set(bytes.subarray(header));
  else for (let i = 0; i < length; i++) values[i] = kind.read(view, header + i * kind.bytes);
  return { shape, values };
}

/** Reads an IDX file, gzipped or not. Throws DataError naming the file, what was found and what was expected. */
export function readIdx(path: string): Idx {
  return parseIdx(readMaybeGzipped(path), basename(path));
}
