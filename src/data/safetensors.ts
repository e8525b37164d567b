/**
 * Reader and writer of safetensors (huggingface/safetensors, format of version 0.4): an 8-byte little-endian header length, a JSON header
 * { name: { dtype, shape, data_offsets } }, then the tensors' bytes without holes.
 */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { writeOutput } from "../base/files.ts";
import { showShape, sizeOf } from "../base/shape.ts";
import { elementTypes } from "./element-types.ts";
import type { Tensor } from "./npy.ts";
import { readBytes } from "./read-file.ts";

const typeOf: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F8_E4M3: "float8_e4m3",
  F8_E5M2: "float8_e5m2",
  I64: "int64",
  U64: "uint64",
  I32: "int32",
  U32: "uint32",
  I16: "int16",
  U16: "uint16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

/** The reference implementation's limit. */
const longestHeader = 100_000_000;

export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A key that an object of the JSON text has twice, which JSON.parse would hide, or undefined. The text is valid JSON. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token[0] === "{") open.push(new Set());
    else if (token[0] === "}") open.pop();
    else if (token[1] !== undefined) {
      const key = JSON.parse(token[0].slice(0, -token[1].length)) as string;
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${name}: the header is not JSON (${(error as Error).message})`, { cause: error });
  }
  if (!isRecord(header)) throw new DataError(`${name}: the header is not a JSON object`);
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new DataError(`${name}: '${twice}' occurs twice in the header`);
  return header;
}

interface Entry {
  readonly key: string;
  readonly type: (typeof elementTypes)[string];
  readonly shape: number[];
  readonly from: number;
  readonly to: number;
}

function parseEntry(key: string, value: unknown, name: string): Entry {
  const where = `${name}: '${key}'`;
  if (!isRecord(value)) throw new DataError(`${where}: expected { dtype, shape, data_offsets }`);
  const { dtype, shape, data_offsets: offsets } = value;
  const type = Object.hasOwn(typeOf, String(dtype)) ? elementTypes[typeOf[String(dtype)]] : undefined;
  if (type === undefined) {
    throw new DataError(`${where}: found dtype ${String(dtype)}, expected one of ${Object.keys(typeOf).join(", ")}`);
  }
  if (!isSizes(shape)) throw new DataError(`${where}: shape is no list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new DataError(`${where}: data_offsets is not [begin, end]`);
  }
  const [from, to] = offsets;
  const expected = sizeOf(shape) * type.bytes;
  if (to - from !== expected) {
    throw new DataError(
      `${where}: found ${to - from} bytes, expected ${expected} for ${String(dtype)} ${showShape(shape)}`,
    );
  }
  return { key, type, shape, from, to };
}

/** Every byte of the data belongs to one tensor. */
function checkCover(entries: readonly Entry[], length: number, name: string): void {
  let end = 0;
  let last = "the header";
  for (const { key, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from > end) throw new DataError(`${name}: a hole of ${from - end} bytes between ${last} and '${key}'`);
    if (from < end) throw new DataError(`${name}: '${key}' overlaps ${last} by ${end - from} bytes`);
    [end, last] = [to, `'${key}'`];
  }
  if (end > length) throw new DataError(`${name}: truncated: found ${length} bytes of tensors, expected ${end}`);
  if (end < length) throw new DataError(`${name}: ${length - end} bytes after the last tensor`);
}

/**
 * Parses safetensors bytes; tensors come in the header's order.
 * @param name How errors call the file.
 * @throws DataError on damage: a wrong header, holes, overlaps, wrong lengths, repeated names, trailing or missing bytes
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Safetensors {
  if (bytes.length < 8)
    throw new DataError(`${name}: truncated: found ${bytes.length} bytes, expected a header length of 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > longestHeader) {
    throw new DataError(`${name}: found a header length of ${headerLength}, expected at most ${longestHeader}`);
  }
  const dataAt = 8 + headerLength;
  if (dataAt > bytes.length) {
    throw new DataError(`${name}: truncated header: found ${bytes.length - 8} bytes, expected ${headerLength}`);
  }
  const { __metadata__: metadata = {}, ...rest } = parseHeader(bytes.subarray(8, dataAt), name);
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new DataError(`${name}: __metadata__ is no record of texts`);
  }
  const entries = Object.entries(rest).map(([key, value]) => parseEntry(key, value, name));
  checkCover(entries, bytes.length - dataAt, name);
  const tensors = new Map<string, Tensor>();
  for (const { key, type, shape, from, to } of entries) {
    const data = new DataView(bytes.buffer, bytes.byteOffset + dataAt + from, to - from);
    const values = type.read(data, sizeOf(shape), true, `${name}: '${key}'`);
    tensors.set(key, { type: type.name, shape, values });
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

/** @throws DataError naming file and tensor */
export function readSafetensors(path: string): Safetensors {
  return parseSafetensors(readBytes(path), basename(path));
}

/** Safetensors bytes; the header is padded with spaces so that data begin at a multiple of 8. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  let end = 0;
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata]];
  for (const [key, tensor] of tensors) {
    const dtype = Object.keys(typeOf).find((known) => typeOf[known] === tensor.type);
    const where = `${name}: '${key}'`;
    if (dtype === undefined) throw new DataError(`${where}: safetensors has no dtype for ${tensor.type}`);
    if (key === "__metadata__") throw new DataError(`${where}: the name is reserved`);
    if (tensor.values.length !== sizeOf(tensor.shape)) {
      throw new DataError(`${where}: found ${tensor.values.length} values, expected ${showShape(tensor.shape)}`);
    }
    const bytes = elementTypes[tensor.type].write(tensor.values, where);
    header.push([key, { dtype, shape: tensor.shape, data_offsets: [end, end + bytes.length] }]);
    end += bytes.length;
    parts.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, 8);
  return Buffer.concat([head, ...parts]);
}

/** Writes a safetensors file, whole or not at all. @throws DataError */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeOutput(path, encodeSafetensors(tensors, basename(path), metadata));
}
