/** NumPy's .npz: a ZIP archive with one .npy entry per array. The names and checksums of its directory are verified here: fflate does not. */
import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { unzipSync, type Zippable, zipSync } from "fflate";
import { DataError } from "../base/errors.ts";
import { writeOutput } from "../base/files.ts";
import { encodeNpy, parseNpy, type Tensor } from "./npy.ts";
import { readBytes } from "./read-file.ts";

export type Tensors = ReadonlyMap<string, Tensor>;

const [endSignature, entrySignature] = [0x06054b50, 0x02014b50];

/** Checksum of each entry, from the central directory (PKWARE APPNOTE 4.3.12, 4.3.16). */
function directory(bytes: Uint8Array, name: string): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, number>();
  const damaged = (): never => {
    throw new DataError(`${name}: damaged or truncated archive`);
  };
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== endSignature) end--;
  if (end < 0 || end + 22 + view.getUint16(end + 20, true) !== bytes.length) return damaged();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature) return damaged();
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const entry = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (entries.has(entry)) throw new DataError(`${name}: ${entry} occurs twice`);
    entries.set(entry, view.getUint32(at + 16, true));
    at += 46 + nameLength + extra + comment;
  }
  if (at !== end) return damaged();
  return entries;
}

/** Parses .npz bytes. @throws DataError naming file and entry */
export function parseNpz(bytes: Uint8Array, name: string): Map<string, Tensor> {
  const checksums = directory(bytes, name);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (error) {
    throw new DataError(`${name}: damaged or truncated archive (${(error as Error).message})`, { cause: error });
  }
  const tensors = new Map<string, Tensor>();
  for (const [entry, checksum] of checksums) {
    const content = files[entry];
    if (content === undefined || crc32(content) !== checksum) throw new DataError(`${name}: ${entry} is damaged`);
    if (!entry.endsWith(".npy")) throw new DataError(`${name}: found ${entry}, expected .npy entries`);
    tensors.set(entry.slice(0, -4), parseNpy(content, `${name}: ${entry}`));
  }
  return tensors;
}

/** Reads the arrays of an .npz file. @throws DataError naming file and entry */
export function readNpz(path: string): Map<string, Tensor> {
  return parseNpz(readBytes(path), basename(path));
}

/** .npz bytes, stored without compression and without a date: the same arrays give the same file. */
export function encodeNpz(tensors: Tensors, name: string): Uint8Array {
  const entries: Zippable = {};
  for (const [key, tensor] of tensors) {
    entries[`${key}.npy`] = [encodeNpy(tensor, `${name}: ${key}`), { level: 0, mtime: new Date(1980, 0, 1) }];
  }
  return zipSync(entries);
}

/** Writes an .npz file, whole or not at all. @throws DataError */
export function writeNpz(path: string, tensors: Tensors): void {
  writeOutput(path, encodeNpz(tensors, basename(path)));
}
