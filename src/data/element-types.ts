/** How numbers lie in array files: every number format that weights come in, and integers. */
import { DataError } from "../base/errors.ts";
import { bfloat16, decode, encode, type Format, float8_e4m3, float8_e5m2, float16 } from "../formats/index.ts";

/** Numbers at full precision: float64 for float64 and 64-bit integers, float32 for narrower floats, int32 for the rest. */
export type TensorData = Float64Array | Float32Array | Int32Array;

export interface ElementType {
  readonly name: string;
  readonly bytes: number;
  /** @throws DataError for a value that a number cannot hold; `name` begins the message */
  read(view: DataView, count: number, little: boolean, name: string): TensorData;
  /** Little-endian bytes. @throws DataError for a value that is not one of the type's */
  write(values: TensorData, name: string): Uint8Array;
}

type Getter = (view: DataView, at: number, little: boolean) => number | bigint;
type Setter = (view: DataView, at: number, value: number) => void;

/** Integers and truth values from `least` to `most`; 64-bit ones as far as a number counts. */
function integers(name: string, bytes: number, least: number, most: number, get: Getter, set: Setter): ElementType {
  const make = (count: number): TensorData => (most > 2 ** 31 - 1 ? new Float64Array(count) : new Int32Array(count));
  const check = (value: number, i: number, where: string): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    throw new DataError(`${where}: element ${i} is ${value}, expected an integer from ${least} to ${most} (${name})`);
  };
  return {
    name,
    bytes,
    read: (view, count, little, where) => {
      const values = make(count);
      for (let i = 0; i < count; i++) {
        const value = Number(get(view, i * bytes, little));
        check(value, i, where);
        values[i] = value;
      }
      return values;
    },
    write: (values, where) => {
      const view = new DataView(new ArrayBuffer(values.length * bytes));
      for (let i = 0; i < values.length; i++) {
        check(values[i], i, where);
        set(view, i * bytes, values[i]);
      }
      return new Uint8Array(view.buffer);
    },
  };
}

/** A format of 8 or 16 bits, by tables of all its patterns. */
function narrow(format: Format): ElementType {
  const bytes = format.bits / 8;
  let decoded: Float32Array | undefined;
  let encoded: Map<number, number> | undefined;
  const values = (): Float32Array => {
    decoded ??= Float32Array.from({ length: 2 ** format.bits }, (_, bits) => decode(format, BigInt(bits)));
    return decoded;
  };
  const patterns = (): Map<number, number> => {
    if (encoded !== undefined) return encoded;
    encoded = new Map([[Number.NaN, Number(encode(format, Number.NaN))]]);
    const all = values();
    for (let bits = 0; bits < all.length; bits++) if (!Number.isNaN(all[bits])) encoded.set(all[bits], bits);
    // Map takes -0 for 0; the loop met -0 last.
    encoded.set(0, 0);
    return encoded;
  };
  const negativeZero = 2 ** (format.bits - 1);
  const { name } = format;
  return {
    name,
    bytes,
    read: (view, count, little) => {
      const [table, result] = [values(), new Float32Array(count)];
      for (let i = 0; i < count; i++) result[i] = table[bytes === 1 ? view.getUint8(i) : view.getUint16(2 * i, little)];
      return result;
    },
    write: (given, where) => {
      const [table, view] = [patterns(), new DataView(new ArrayBuffer(given.length * bytes))];
      for (let i = 0; i < given.length; i++) {
        const bits = Object.is(given[i], -0) ? negativeZero : table.get(given[i]);
        if (bits === undefined) {
          throw new DataError(`${where}: element ${i} is ${given[i]}, which is no ${name}; round it first`);
        }
        if (bytes === 1) view.setUint8(i, bits);
        else view.setUint16(2 * i, bits, true);
      }
      return new Uint8Array(view.buffer);
    },
  };
}

/** A format that a typed array holds. NaN is written as its canonical pattern. */
function wide(name: "float64" | "float32"): ElementType {
  const bytes = name === "float64" ? 8 : 4;
  return {
    name,
    bytes,
    read: (view, count, little) => {
      const values = bytes === 8 ? new Float64Array(count) : new Float32Array(count);
      for (let i = 0; i < count; i++) {
        values[i] = bytes === 8 ? view.getFloat64(8 * i, little) : view.getFloat32(4 * i, little);
      }
      return values;
    },
    write: (values, where) => {
      const view = new DataView(new ArrayBuffer(values.length * bytes));
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        if (bytes === 4 && !Object.is(Math.fround(value), value)) {
          throw new DataError(`${where}: element ${i} is ${value}, which is no float32; round it first`);
        }
        if (bytes === 8) view.setFloat64(8 * i, value, true);
        else view.setFloat32(4 * i, value, true);
        if (!Number.isNaN(value)) continue;
        if (bytes === 8) view.setBigUint64(8 * i, 0x7ff8000000000000n, true);
        else view.setUint32(4 * i, 0x7fc00000, true);
      }
      return new Uint8Array(view.buffer);
    },
  };
}

const all: readonly ElementType[] = [
  wide("float64"),
  wide("float32"),
  narrow(float16),
  narrow(bfloat16),
  narrow(float8_e4m3),
  narrow(float8_e5m2),
  integers(
    "int64",
    8,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    (v, at, le) => v.getBigInt64(at, le),
    (v, at, x) => v.setBigInt64(at, BigInt(x), true),
  ),
  integers(
    "uint64",
    8,
    0,
    Number.MAX_SAFE_INTEGER,
    (v, at, le) => v.getBigUint64(at, le),
    (v, at, x) => v.setBigUint64(at, BigInt(x), true),
  ),
  integers(
    "int32",
    4,
    -(2 ** 31),
    2 ** 31 - 1,
    (v, at, le) => v.getInt32(at, le),
    (v, at, x) => v.setInt32(at, x, true),
  ),
  integers(
    "uint32",
    4,
    0,
    2 ** 32 - 1,
    (v, at, le) => v.getUint32(at, le),
    (v, at, x) => v.setUint32(at, x, true),
  ),
  integers(
    "int16",
    2,
    -(2 ** 15),
    2 ** 15 - 1,
    (v, at, le) => v.getInt16(at, le),
    (v, at, x) => v.setInt16(at, x, true),
  ),
  integers(
    "uint16",
    2,
    0,
    2 ** 16 - 1,
    (v, at, le) => v.getUint16(at, le),
    (v, at, x) => v.setUint16(at, x, true),
  ),
  integers(
    "int8",
    1,
    -128,
    127,
    (v, at) => v.getInt8(at),
    (v, at, x) => v.setInt8(at, x),
  ),
  integers(
    "uint8",
    1,
    0,
    255,
    (v, at) => v.getUint8(at),
    (v, at, x) => v.setUint8(at, x),
  ),
  integers(
    "bool",
    1,
    0,
    1,
    (v, at) => v.getUint8(at),
    (v, at, x) => v.setUint8(at, x),
  ),
];

/** By name. */
export const elementTypes: Readonly<Record<string, ElementType>> = Object.fromEntries(
  all.map((type) => [type.name, type]),
);
