/** Writing files: the whole file or nothing, and one clear line where the disk refuses. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DataError } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is a file, expected a directory",
  EEXIST: "there is a file of that name, expected a directory",
  ENOENT: "it cannot be created there",
};

/** Runs `action`; a refusal of the file system becomes a DataError that names the path and the reason. */
export function storeFailure<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined || error instanceof DataError) throw error;
    throw new DataError(`cannot write ${path}: ${reasons[code] ?? code}`, { cause: error });
  }
}

/** Creates the directory and its parents. @throws DataError */
export function makeDirectory(path: string): void {
  storeFailure(path, () => makeFolders(path));
}

/** mkdir's own `recursive` never returns where a parent can neither be found nor made (/proc). */
function makeFolders(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolders(parent);
  if (!existsSync(path)) mkdirOrFind(path);
  else if (!statSync(path).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "EEXIST" });
}

/** Another process may have made it in between. */
function mkdirOrFind(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

/** Replaces a file atomically: readers see the old content or the new. @throws DataError */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  storeFailure(path, () => {
    try {
      const file = openSync(temporary, "w");
      try {
        const bytes = typeof content === "string" ? Buffer.from(content) : content;
        for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
}

/** Creates the directory of an output, before the work that makes it. @throws DataError if nothing can be written there */
export function checkOutput(path: string): void {
  makeDirectory(dirname(path));
  storeFailure(path, () => accessSync(dirname(path), constants.W_OK));
}

/** Writes a figure, an export or an array file, creating its directory. @throws DataError */
export function writeOutput(path: string, content: string | Uint8Array): void {
  makeDirectory(dirname(path));
  replaceFile(path, content);
}
