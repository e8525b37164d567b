/** status.json: how far a run is, and when it was last seen alive. */
import { existsSync, readFileSync } from "node:fs";
import { DataError } from "../base/errors.ts";
import { replaceFile } from "../base/files.ts";
import { decodeJson, encodeJson } from "./json.ts";
import type { ParameterRecord } from "./parameters.ts";

/** A trial whose function threw or whose worker died. It is tried again when the run is continued. */
export interface Failure {
  readonly trial: string;
  readonly parameters: ParameterRecord;
  readonly error: string;
}

export interface Status {
  /** running (or killed: see heartbeat), interrupted by the user, failed (some trials failed), complete. */
  readonly state: "running" | "interrupted" | "failed" | "complete";
  readonly done: number;
  readonly total: number;
  readonly failures: readonly Failure[];
  readonly heartbeat: string;
}

/** @throws DataError if the disk refuses. */
export function writeStatus(path: string, status: Omit<Status, "heartbeat">): void {
  replaceFile(path, `${encodeJson({ ...status, heartbeat: new Date().toISOString() }, 2)}\n`);
}

/** @throws DataError if the file is damaged. */
export function readStatus(path: string): Status | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return decodeJson(readFileSync(path, "utf8")) as Status;
  } catch (error) {
    throw new DataError(`${path}: not JSON; remove the file`, { cause: error });
  }
}
