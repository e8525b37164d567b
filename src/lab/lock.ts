/** One writer per run: a lock file with the owner's process and a heartbeat. */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DataError } from "../base/errors.ts";
import { storeFailure } from "../base/files.ts";

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

export interface Lock {
  /** Says that the owner lives. */
  beat(): void;
  /** @throws DataError if another process has taken the run over (this one had seemed dead). */
  verify(): void;
  release(): void;
}

/** Heartbeats of another machine, and of a live process on this one, are trusted for so long (milliseconds). */
const foreignPatience = 120_000;
const localPatience = 3_600_000;
/** A lock file without a readable owner is being written, or its writer died at once. */
const unreadablePatience = 10_000;

const held = new Set<string>();

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function ageOf(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isStale(owner: Owner | undefined, age: number): boolean {
  if (owner === undefined) return age > unreadablePatience;
  if (owner.host !== hostname()) return age > foreignPatience;
  if (owner.pid === process.pid) return !held.has(owner.token);
  return !alive(owner.pid) || age > localPatience;
}

function create(path: string, owner: Owner): boolean {
  return storeFailure(path, () => {
    try {
      writeFileSync(path, JSON.stringify(owner), { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  });
}

/** Moves a dead owner's lock away; puts it back if it turns out to be a new owner's. */
function removeStale(path: string, stale: Owner | undefined): void {
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readOwner(aside)?.token === stale?.token) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

/**
 * Takes the lock at `path`, also from an owner that died.
 * @throws DataError naming the process and its age if a live one holds it.
 */
export function lock(path: string): Lock {
  const owner: Owner = { pid: process.pid, host: hostname(), token: randomUUID() };
  for (let attempt = 0; !create(path, owner); attempt++) {
    const other = readOwner(path);
    const age = ageOf(path);
    if (!isStale(other, age) || attempt === 3) {
      throw new DataError(
        `${path}: the run is held by process ${other?.pid ?? "(starting)"} on ${other?.host ?? "this machine"}, ` +
          `last seen ${Math.round(age / 1000)} s ago; wait for it, or remove the file if that process is gone`,
      );
    }
    storeFailure(path, () => removeStale(path, other));
  }
  const verify = (): void => {
    if (readOwner(path)?.token === owner.token) return;
    throw new DataError(`${path}: another process has taken this run over; this one stops and writes no more`);
  };
  verify();
  held.add(owner.token);
  return {
    verify,
    beat(): void {
      verify();
      const now = new Date();
      storeFailure(path, () => utimesSync(path, now, now));
    },
    release(): void {
      held.delete(owner.token);
      if (readOwner(path)?.token === owner.token) rmSync(path, { force: true });
    },
  };
}
