/** Writing into a store: whole files or nothing, and one clear line where the disk refuses. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DataError } from "../base/errors.ts";

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
  storeFailure(path, () => mkdirSync(path, { recursive: true }));
}

/** Replaces a file atomically: readers see the old text or the new. @throws DataError */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  storeFailure(path, () => {
    try {
      const file = openSync(temporary, "w");
      try {
        const bytes = Buffer.from(text);
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

/** Writes a figure or an export, creating its directory. @throws DataError */
export function writeOutput(path: string, text: string): void {
  makeDirectory(dirname(path));
  replaceFile(path, text);
}
