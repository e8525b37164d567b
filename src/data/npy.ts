/** Reader and writer of NumPy's .npy format, versions 1 to 3 (numpy.lib.format), numbers and truth values only. */
import { DataError } from "../base/errors.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import { type ElementType, elementTypes, type TensorData } from "./element-types.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's kind and size of each element type; NumPy has no bfloat16 and no float8. */
const typeOf: Readonly<Record<string, string>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
};

interface Header {
  readonly type: ElementType;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: Shape;
}

/** Parses the Python dictionary of a header. */
function parseHeader(text: string, name: string): Header {
  const fail = (problem: string): never => {
    throw new DataError(`${name}: ${problem}`);
  };
  const field = (key: string, pattern: string): string | undefined =>
    new RegExp(`['"]${key}['"]\\s*:\\s*${pattern}`).exec(text)?.[1];
  if (field("descr", "(\\[)") !== undefined) return fail("a structured dtype; expected one number per element");
  const descr = field("descr", "['\"]([^'\"]*)['\"]") ?? fail("no dtype in the header");
  const fortran = field("fortran_order", "(True|False)") ?? fail("no fortran_order in the header");
  const extents = field("shape", "\\(([^)]*)\\)") ?? fail("no shape in the header");
  const parts = extents.split(",").map((part) => part.trim().replace(/L$/, ""));
  if (parts[parts.length - 1] === "") parts.pop();
  if (parts.some((part) => !/^\d+$/.test(part))) fail(`shape (${extents}) is not a list of sizes`);
  const [order, kind] = /^[<>|=]/.test(descr) ? [descr[0], descr.slice(1)] : ["=", descr];
  const type = elementTypes[typeOf[kind]];
  if (type === undefined) {
    const what = kind.startsWith("O") ? "Python objects (never unpickled)" : `dtype ${descr}`;
    return fail(`found ${what}; expected one of ${Object.keys(typeOf).join(", ")}`);
  }
  return { type, little: order !== ">", fortran: fortran === "True", shape: parts.map(Number) };
}

/** Values in column-major order, in row-major order. */
function fromFortran(values: TensorData, shape: Shape): TensorData {
  const result = values.slice();
  const rows = stridesOf(shape);
  const columns = stridesOf([...shape].reverse()).reverse();
  for (let i = 0; i < values.length; i++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++) from += (Math.floor(i / rows[axis]) % shape[axis]) * columns[axis];
    result[i] = values[from];
  }
  return result;
}

/** An array: its element type, shape and row-major values. */
export interface Tensor {
  /** A key of `elementTypes`: "float16", "int64". */
  readonly type: string;
  readonly shape: Shape;
  readonly values: TensorData;
}

/**
 * Parses .npy bytes; column-major arrays become row-major, big-endian ones native.
 * @param name How errors call the file or the entry.
 * @throws DataError on damage, trailing bytes, and dtypes that are no numbers
 */
export function parseNpy(bytes: Uint8Array, name: string): Tensor {
  const start = magic.every((byte, i) => bytes[i] === byte);
  if (!start || bytes.length < 10) throw new DataError(`${name}: no .npy header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (version < 1 || version > 3) throw new DataError(`${name}: found .npy version ${version}, expected 1 to 3`);
  if (version > 1 && bytes.length < 12) throw new DataError(`${name}: truncated header`);
  const from = version === 1 ? 10 : 12;
  const dataAt = from + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataAt > bytes.length) throw new DataError(`${name}: truncated header`);
  const header = parseHeader(new TextDecoder("latin1").decode(bytes.subarray(from, dataAt)), name);
  const { type, little, fortran, shape } = header;
  const count = sizeOf(shape);
  const [found, expected] = [bytes.length - dataAt, count * type.bytes];
  if (found !== expected) {
    const what = found < expected ? "truncated" : "trailing bytes";
    throw new DataError(`${name}: ${what}: found ${found} bytes of values, expected ${expected}`);
  }
  const read = type.read(new DataView(bytes.buffer, bytes.byteOffset + dataAt, found), count, little, name);
  return { type: type.name, shape, values: fortran && shape.length > 1 ? fromFortran(read, shape) : read };
}

/** .npy bytes, version 1, little-endian, row-major. @throws DataError for a type that NumPy does not have, or another number of values than the shape says */
export function encodeNpy(tensor: Tensor, name: string): Uint8Array {
  const kind = Object.keys(typeOf).find((key) => typeOf[key] === tensor.type);
  const type = elementTypes[tensor.type];
  if (kind === undefined || type === undefined) {
    throw new DataError(`${name}: NumPy has no dtype for ${tensor.type}; write safetensors`);
  }
  if (tensor.values.length !== sizeOf(tensor.shape)) {
    throw new DataError(`${name}: found ${tensor.values.length} values, expected ${showShape(tensor.shape)}`);
  }
  const shape = tensor.shape.length === 1 ? `(${tensor.shape[0]},)` : `(${tensor.shape.join(", ")})`;
  const order = type.bytes === 1 ? "|" : "<";
  const text = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${shape}, }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const header = Uint8Array.of(...magic, 1, 0, padded.length & 255, padded.length >> 8);
  const values = type.write(tensor.values, name);
  return Buffer.concat([header, Buffer.from(padded, "latin1"), values]);
}
