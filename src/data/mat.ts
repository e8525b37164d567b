/**
 * Reader of numeric arrays in MATLAB level 5 MAT-files ("MAT-File Format", MathWorks), of either byte order, compressed
 * or not, streaming: an array's bytes go to a sink as they come.
 */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { sizeOf } from "../base/shape.ts";
import { ByteStream, filePieces, inflated } from "./byte-stream.ts";

export interface MatArray {
  readonly name: string;
  /** Column-major: the first index runs fastest. */
  readonly shape: readonly number[];
  /** How the values are stored, which may be narrower than the array's class. */
  readonly type: MatType;
}

export interface MatType {
  readonly name: string;
  readonly bytes: number;
  read(view: DataView, offset: number, little: boolean): number;
}

/** Takes the stored bytes of an array piece by piece. */
export type MatSink = (piece: Uint8Array) => void;

/** Where an array's bytes go; undefined skips it, "stop" ends the reading. */
export type MatVisit = MatSink | undefined | "stop";

/** Data types of numeric elements (table 1-1). */
const types: Readonly<Record<number, MatType>> = {
  1: { name: "int8", bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { name: "uint8", bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { name: "int16", bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  4: { name: "uint16", bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  5: { name: "int32", bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  6: { name: "uint32", bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  7: { name: "single", bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  9: { name: "double", bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  12: { name: "int64", bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  13: { name: "uint64", bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

const [matrixType, compressedType] = [14, 15];
/** Classes of numeric arrays: double, single, int8 .. uint64 (table 1-3). */
const numeric = (arrayClass: number): boolean => arrayClass >= 6 && arrayClass <= 15;

interface Tag {
  readonly type: number;
  readonly length: number;
  /** Data of at most 4 bytes, packed into the tag. */
  readonly small: Uint8Array | undefined;
}

/** One file being read. */
class MatReader {
  readonly name: string;
  readonly little: boolean;

  constructor(name: string, little: boolean) {
    this.name = name;
    this.little = little;
  }

  fail(where: string, problem: string): never {
    throw new DataError(`${this.name}: ${where}: ${problem}`);
  }

  exactly(source: ByteStream, length: number, where: string): Uint8Array {
    const bytes = source.take(length);
    if (bytes.length < length) this.fail(where, `truncated: found ${bytes.length} bytes, expected ${length}`);
    return bytes;
  }

  tag(source: ByteStream, where: string): Tag {
    const bytes = this.exactly(source, 8, where);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const [first, second] = [view.getUint32(0, this.little), view.getUint32(4, this.little)];
    if (first >>> 16 === 0) return { type: first, length: second, small: undefined };
    const length = first >>> 16;
    if (length > 4) this.fail(where, `a small element of ${length} bytes, expected at most 4`);
    return { type: first & 0xffff, length, small: bytes.slice(4, 4 + length) };
  }

  /** A whole element of known type with its padding. */
  element(source: ByteStream, type: number, most: number, where: string): DataView {
    const tag = this.tag(source, where);
    if (tag.type !== type) this.fail(where, `found an element of type ${tag.type}, expected ${type}`);
    if (tag.length > most) this.fail(where, `found ${tag.length} bytes, expected at most ${most}`);
    const bytes = tag.small ?? this.exactly(source, tag.length, where);
    if (tag.small === undefined) this.exactly(source, -tag.length & 7, where);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The array in `source` after the matrix tag; false where the visitor has seen enough. */
  matrix(source: ByteStream, where: string, visit: (array: MatArray) => MatVisit): boolean {
    const flags = this.element(source, 6, 8, `${where}, flags`);
    if (flags.byteLength !== 8) this.fail(where, `flags of ${flags.byteLength} bytes, expected 8`);
    const word = flags.getUint32(0, this.little);
    const dimensions = this.element(source, 5, 4 * 32, `${where}, dimensions`);
    const shape = Array.from({ length: dimensions.byteLength >> 2 }, (_, i) => dimensions.getInt32(4 * i, this.little));
    const text = this.element(source, 1, 256, `${where}, name`);
    const name = new TextDecoder("latin1").decode(text);
    if (!numeric(word & 0xff) || (word & 0x800) !== 0) return true;
    const place = `${where} '${name}'`;
    const tag = this.tag(source, place);
    const type = types[tag.type];
    if (type === undefined) this.fail(place, `found values of type ${tag.type}, expected numbers`);
    if (shape.some((extent) => extent < 0)) this.fail(place, `found shape ${shape.join(" x ")}`);
    const expected = sizeOf(shape) * type.bytes;
    if (tag.length !== expected) {
      this.fail(place, `found ${tag.length} bytes of ${type.name}, expected ${expected} for ${shape.join(" x ")}`);
    }
    const sink = visit({ name, shape, type });
    if (sink === undefined) return true;
    if (sink === "stop") return false;
    if (tag.small !== undefined) sink(tag.small);
    else {
      let found = 0;
      for (const piece of source.limited(expected)) {
        sink(piece);
        found += piece.length;
      }
      if (found < expected) this.fail(place, `truncated: found ${found} bytes of values, expected ${expected}`);
    }
    return true;
  }
}

/**
 * Reads a MAT-file; `visit` says where the bytes of each array go. Arrays that are not real numbers are skipped.
 * @throws DataError naming the file, the element, what was found and what was expected.
 */
export function readMat(path: string, visit: (array: MatArray, little: boolean) => MatVisit): void {
  const name = basename(path);
  const file = new ByteStream(filePieces(path, name));
  try {
    const header = file.take(128);
    const text = new TextDecoder("latin1").decode(header.subarray(0, 116));
    const order = String.fromCharCode(...header.subarray(126, 128));
    if (text.startsWith("MATLAB 7.3")) {
      throw new DataError(`${name}: found a MATLAB 7.3 (HDF5) file, expected level 5; save it with -v7`);
    }
    if (order !== "IM" && order !== "MI") throw new DataError(`${name}: found no MATLAB level 5 header`);
    const reader = new MatReader(name, order === "IM");
    const each = (array: MatArray): MatVisit => visit(array, reader.little);
    while (!file.ended) {
      const where = `element at byte ${file.position}`;
      const { type, length, small } = reader.tag(file, where);
      if (type !== matrixType && type !== compressedType) reader.fail(where, `found type ${type}, expected an array`);
      if (small !== undefined) reader.fail(where, "found a small element, expected an array");
      const end = file.position + length;
      if (type === matrixType) {
        if (!reader.matrix(new ByteStream(file.limited(length)), where, each)) return;
      } else {
        const source = new ByteStream(inflated(file.limited(length), `${name}: ${where}`));
        const inner = reader.tag(source, where);
        if (inner.type !== matrixType) reader.fail(where, `found type ${inner.type} inside, expected an array`);
        if (!reader.matrix(source, where, each)) return;
        // The checksum comes after the padding.
        while (source.some(Number.POSITIVE_INFINITY).length > 0);
      }
      for (const _rest of file.limited(end - file.position));
      if (file.position < end) reader.fail(where, `truncated: ${end - file.position} of ${length} bytes are missing`);
    }
  } finally {
    file.close();
  }
}
