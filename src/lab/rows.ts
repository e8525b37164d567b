/** rows.jsonl: append-only, one write per trial, a torn end is cut. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { DataError } from "../base/errors.ts";
import { storeFailure } from "../base/files.ts";
import type { RowIdentity, StoredRow } from "./experiment.ts";
import { decodeJson, encodeJson } from "./json.ts";

export interface StoredRows {
  readonly rows: readonly StoredRow[];
  /** Ids of the trials that are complete. */
  readonly trials: ReadonlySet<string>;
  /** Bytes of the complete trials at the start of the file. */
  readonly length: number;
}

function parseLine(path: string, number: number, line: string, last: boolean): RowIdentity | undefined {
  try {
    const row = decodeJson(line) as RowIdentity;
    if (typeof row?.trial === "string" && Number.isInteger(row.row) && Number.isInteger(row.of)) return row;
  } catch (error) {
    if (last) return undefined;
    throw new DataError(`${path}: line ${number} is damaged; move the run's folder away`, { cause: error });
  }
  throw new DataError(`${path}: line ${number} is not a row (no trial, row and of)`);
}

/**
 * The rows of complete trials, each trial once (the first wins). A last line without a line feed, and the last trial if
 * some of its rows are missing, were torn by a crash and are left out.
 * @throws DataError on damage anywhere else.
 */
export function readRows(path: string): StoredRows {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const trials = new Set<string>();
  const rows: StoredRow[] = [];
  let pending: RowIdentity[] = [];
  let length = 0;
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const end = bytes.indexOf(10, start);
    if (end < 0) break;
    const row = parseLine(path, number, bytes.toString("utf8", start, end), end + 1 === bytes.length);
    if (row === undefined) break;
    const expected = pending.length;
    if ((expected > 0 && pending[0].trial !== row.trial) || (row.of > 0 && row.row !== expected)) {
      throw new DataError(
        `${path}: line ${number}: found row ${row.row} of trial ${row.trial}, expected row ${expected}`,
      );
    }
    pending.push(row);
    start = end + 1;
    if (pending.length < row.of) continue;
    if (!trials.has(row.trial) && row.of > 0) rows.push(...(pending as StoredRow[]));
    trials.add(row.trial);
    pending = [];
    length = start;
  }
  return { rows, trials, length };
}

/** Cuts what a crash tore off. @throws DataError if the file cannot be written. */
export function cutTornRows(path: string, stored: StoredRows): void {
  if (!existsSync(path) || statSync(path).size === stored.length) return;
  storeFailure(path, () => truncateSync(path, stored.length));
}

/**
 * Appends the rows of one trial in one write and flushes them to the disk; after a failure nothing of them is left.
 * @throws DataError if the disk is full or read-only.
 */
export function appendRows(path: string, rows: readonly RowIdentity[]): void {
  const bytes = Buffer.from(rows.map((row) => `${encodeJson(row)}\n`).join(""));
  storeFailure(path, () => {
    const file = openSync(path, "a");
    try {
      const before = fstatSync(file);
      try {
        for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
        fsyncSync(file);
      } catch (error) {
        if (before.isFile()) ftruncateSync(file, before.size);
        throw error;
      }
    } finally {
      closeSync(file);
    }
  });
}
