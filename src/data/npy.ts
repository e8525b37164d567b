/** Reader of NumPy's .npy format, versions 1 to 3: one array of numbers, little- or big-endian, C or Fortran order. */
import { DataError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shape.ts";

export interface Npy {
  readonly shape: Shape;
  /** Row-major, whatever the order of the file. */
  readonly values: Float64Array;
}

type Read = (view: DataView, at: number, little: boolean) => number;

/** Kinds of numbers by NumPy's letter and size. */
const kinds: Readonly<Record<string, Read>> = {
  f8: (view, at, little) => view.getFloat64(at, little),
  f4: (view, at, little) => view.getFloat32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at),
};

interface Header {
  readonly kind: string;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: Shape;
  /** Where the numbers begin. */
  readonly start: number;
}

function parseHeader(bytes: Uint8Array, view: DataView, name: string): Header {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new DataError(`${name}: not an .npy file (its first bytes are not \\x93NUMPY)`);
  }
  const wide = bytes[6] >= 2;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) throw new DataError(`${name}: truncated: the header ends beyond the file`);
  const text = new TextDecoder("latin1").decode(bytes.subarray(wide ? 12 : 10, start));
  const type = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text);
  if (order === null || shape === null) throw new DataError(`${name}: damaged header ${text.trim()}`);
  if (type === null || !Object.hasOwn(kinds, type[2])) {
    const found = /'descr':\s*([^,]+)/.exec(text)?.[1] ?? text.trim();
    throw new DataError(`${name}: elements are ${found}, expected real numbers (float64, float32, integers)`);
  }
  const extents = shape[1]
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  return { kind: type[2], little: type[1] !== ">", fortran: order[1] === "True", shape: extents, start };
}

/** @throws DataError naming the file, what was found and what was expected. */
export function parseNpy(bytes: Uint8Array, name: string): Npy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { kind, little, fortran, shape, start } = parseHeader(bytes, view, name);
  const size = Number(kind.slice(1));
  const count = sizeOf(shape);
  const expected = start + count * size;
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? "truncated" : "trailing bytes";
    throw new DataError(`${name}: ${what}: found ${bytes.length} bytes, expected ${expected} for ${showShape(shape)}`);
  }
  const values = new Float64Array(count);
  const read = kinds[kind];
  // In Fortran order the first index runs fastest.
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = new Int32Array(shape.length);
  for (let i = 0; i < count; i++) {
    const at = fortran ? index.reduce((sum, place, axis) => sum + place * strides[axis], 0) : i;
    values[i] = read(view, start + at * size, little);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, values };
}
