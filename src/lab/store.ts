/** The run store: plain folders `<store>/<experiment>/<run id>/` with params.json, rows.jsonl, status.json, lock. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DataError, UsageError, unknown } from "../base/errors.ts";
import { makeDirectory, replaceFile, storeFailure } from "../base/files.ts";
import { numericsVersion } from "../formats/numerics-version.ts";
import type { Scale, StoredRow } from "./experiment.ts";
import { canonicalJson, decodeJson, encodeJson } from "./json.ts";
import { type Lock, lock } from "./lock.ts";
import type { ParameterRecord, Plain } from "./parameters.ts";
import type { Provenance } from "./provenance.ts";
import { appendRows, cutTornRows, readRows } from "./rows.ts";
import { readStatus, type Status, writeStatus } from "./status.ts";
import { storedRows, type Trial } from "./trial.ts";

/** params.json */
export interface RunParameters {
  readonly experiment: string;
  readonly id: string;
  readonly scale: Scale;
  readonly seed: number;
  readonly numerics: number;
  /** What the user set, and the parameters before any cell of the grid. */
  readonly overrides: ParameterRecord;
  readonly parameters: ParameterRecord;
  /** Checksums by "name/split". */
  readonly data: Readonly<Record<string, string>>;
  readonly engine: Plain;
  /** One per time the run was started or continued. */
  readonly provenance: readonly Provenance[];
}

export interface StoredRun extends RunParameters {
  readonly folder: string;
  readonly status: Status | undefined;
  readonly rows: readonly StoredRow[];
}

/** A run that is held for writing. */
export interface OpenRun {
  readonly folder: string;
  readonly rows: readonly StoredRow[];
  readonly done: ReadonlySet<string>;
  append(trial: Trial, rows: readonly object[]): void;
  /** Copies rows of whole trials from other runs. */
  adopt(rows: readonly StoredRow[]): void;
  status(status: Omit<Status, "heartbeat">): void;
  /** Removes the run if it has no rows: what a wrong parameter leaves. */
  discardEmpty(): void;
  close(): void;
}

function readParams(folder: string): RunParameters {
  const path = join(folder, "params.json");
  let params: RunParameters;
  try {
    params = decodeJson(readFileSync(path, "utf8")) as RunParameters;
  } catch (error) {
    throw new DataError(`${path}: damaged; move the run's folder away`, { cause: error });
  }
  if (params.numerics === numericsVersion) return params;
  throw new DataError(
    `${path}: found numerics version ${params.numerics}, this program has ${numericsVersion}; use another --store`,
  );
}

/** Folders with a params.json, in order of their names. */
function runFolders(directory: string): string[] {
  if (!existsSync(directory)) return [];
  if (existsSync(join(directory, "params.json"))) return [directory];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((name) => runFolders(join(directory, name)));
}

/**
 * Every run of a store with its rows; of one experiment if given. An absent store has none.
 * @throws DataError if a run is damaged or of another numerics version.
 */
export function listRuns(store: string, experiment?: string): StoredRun[] {
  const root = experiment === undefined ? store : join(store, ...experiment.split("/"));
  return runFolders(root).map((folder) => ({
    ...readParams(folder),
    folder,
    status: readStatus(join(folder, "status.json")),
    rows: readRows(join(folder, "rows.jsonl")).rows,
  }));
}

/** Rows of these trials in any run of the experiment, by trial: what another run need not measure again. */
export function findTrials(store: string, experiment: string, trials: ReadonlySet<string>): Map<string, StoredRow[]> {
  const found = new Map<string, StoredRow[]>();
  for (const run of trials.size === 0 ? [] : listRuns(store, experiment)) {
    const mine = run.rows.filter((row) => trials.has(row.trial) && !found.has(row.trial));
    for (const row of mine.filter((first) => first.row === 0)) found.set(row.trial, []);
    for (const row of mine) found.get(row.trial)?.push(row);
  }
  return found;
}

/**
 * The run of an id, of an unambiguous beginning of one, or of `experiment/id`.
 * @throws UsageError if there is none (with the near id) or several.
 */
export function findRun(store: string, id: string): StoredRun {
  const runs = listRuns(store);
  const names = (run: StoredRun): string[] => [run.id, `${run.experiment}/${run.id}`];
  const exact = runs.filter((run) => names(run).includes(id));
  const beginning = runs.filter((run) => id !== "" && names(run)[0].startsWith(id));
  const found = exact.length > 0 ? exact : beginning;
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    const several = found.map((run) => `${run.experiment}/${run.id}`).join(", ");
    throw new UsageError(`run ${id}: found several: ${several}`);
  }
  const ids = runs.map((run) => run.id);
  throw ids.length === 0 ? new UsageError(`run ${id}: the store ${store} has no runs`) : unknown("run", id, ids);
}

/** What a continued run must agree on. */
function checkSame(folder: string, before: RunParameters, now: RunParameters): void {
  if (canonicalJson(before.data) === canonicalJson(now.data)) return;
  throw new DataError(
    `${folder}: found data ${canonicalJson(now.data)}, the run was started with ${canonicalJson(before.data)}`,
  );
}

function writeParams(folder: string, params: RunParameters): void {
  const path = join(folder, "params.json");
  const before = existsSync(path) ? readParams(folder) : undefined;
  if (before !== undefined) checkSame(folder, before, params);
  const history = [...(before?.provenance ?? []), ...params.provenance];
  replaceFile(path, `${encodeJson({ ...params, provenance: history }, 2)}\n`);
}

/** Temporary files of a process that was killed. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".tmp"))) {
    storeFailure(folder, () => rmSync(join(folder, name), { force: true }));
  }
}

/**
 * Starts a run or continues it where it stopped.
 * @throws DataError if another process holds it, the disk refuses, or the store is damaged or of another version.
 */
export function openRun(store: string, params: RunParameters): OpenRun {
  listParams(store);
  const folder = join(store, ...params.experiment.split("/"), params.id);
  makeDirectory(folder);
  const held: Lock = lock(join(folder, "lock"));
  const path = join(folder, "rows.jsonl");
  try {
    removeLeftovers(folder);
    const before = readRows(path);
    cutTornRows(path, before);
    writeParams(folder, params);
    return {
      folder,
      rows: before.rows,
      done: before.trials,
      append(trial, rows): void {
        held.verify();
        appendRows(path, storedRows(trial, rows));
      },
      adopt(rows): void {
        held.verify();
        appendRows(path, rows);
      },
      status(status): void {
        held.beat();
        writeStatus(join(folder, "status.json"), status);
      },
      discardEmpty(): void {
        held.verify();
        if (readRows(path).length === 0) storeFailure(folder, () => rmSync(folder, { recursive: true, force: true }));
      },
      close: () => held.release(),
    };
  } catch (error) {
    held.release();
    throw error;
  }
}

/** Reads every params.json of the store, so that versions are never mixed. */
function listParams(store: string): RunParameters[] {
  return runFolders(store).map(readParams);
}
