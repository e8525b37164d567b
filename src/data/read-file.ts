/** Reading whole files, with errors that name the file, and finding them under a data directory. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError, UsageError } from "../base/errors.ts";

/** The error for a file that the system does not give. */
export function unreadable(name: string, error: unknown): DataError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new DataError(`${name}: cannot be read (${code})`, { cause: error });
}

/** @throws DataError naming the file */
export function readBytes(path: string, name: string = basename(path)): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** The bytes of a file, inflated if they begin with the gzip magic. @throws DataError naming the file */
export function readMaybeGzipped(path: string): Uint8Array {
  const name = basename(path);
  const bytes = readBytes(path, name);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new DataError(`${name}: damaged gzip file (${(error as Error).message})`, { cause: error });
  }
}

/** Lower-case hexadecimal SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Names in a folder in code-unit order: the same on every system. @throws DataError */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Bytes of a file. @throws DataError naming the file */
export function fileSize(path: string, name: string = basename(path)): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw unreadable(name, error);
  }
}

export const isDirectory = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** The first of `dataDir/<place>` and `dataDir` itself that `holds`, or undefined. */
export function findUnder(
  dataDir: string,
  places: readonly string[],
  holds: (path: string) => boolean,
): string | undefined {
  return [...places.map((place) => join(dataDir, place)), dataDir].find((path) => existsSync(path) && holds(path));
}

/** The error for a set whose files are not there; `expected` says which. */
export function notFound(set: string, dataDir: string | undefined, expected: string): Error {
  if (dataDir === undefined) return new UsageError(`${set}: pass --data-dir with ${expected}`);
  return new DataError(`${set}: not found in ${dataDir}; expected ${expected}`);
}
