/**
 * Compiled units in a private folder of the user. A file is named after what it was made from and ends in a seal, the hash
 * of that name and its own bytes: a half-written, foreign or damaged file has no valid seal and is built again.
 */
import { builtin, type FileSystem, hashOf, type Os, type Path } from "./builtin.ts";
import { Unavailable } from "./unavailable.ts";

const sealStart = "\nnonsmooth native unit ";
const sealLength = sealStart.length + 64;
/** Folders of builds that were killed are older than this. */
const staleMilliseconds = 3_600_000;
/** Above this the oldest units go. */
const mostBytes = 256 * 2 ** 20;

/** `NONSMOOTH_CACHE`, or `nonsmooth` in the user's cache folder; then `native`. */
export function cacheFolder(): string {
  const { join } = builtin<Path>("node:path");
  const { homedir } = builtin<Os>("node:os");
  const own = process.env.NONSMOOTH_CACHE;
  if (own) return join(own, "native");
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "nonsmooth", "native");
}

const reason = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/** Node's recursive mkdir does not end where a parent reports ENOENT for ever, as /proc does. */
function makeFolder(folder: string): void {
  const fs = builtin<FileSystem>("node:fs");
  const parent = builtin<Path>("node:path").dirname(folder);
  if (fs.existsSync(folder)) return;
  if (parent !== folder) makeFolder(parent);
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (reason(error) !== "EEXIST") throw error;
  }
}

/** Makes the folder private. @throws Unavailable in one line where it cannot be made or belongs to somebody else. */
function ensureFolder(folder: string): void {
  const fs = builtin<FileSystem>("node:fs");
  try {
    makeFolder(folder);
    const { mode, uid } = fs.statSync(folder);
    if (uid !== process.getuid?.())
      throw new Unavailable(`backend native: the cache folder ${folder} belongs to another user`);
    if ((mode & 0o077) !== 0) fs.chmodSync(folder, 0o700);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(`backend native: the cache folder ${folder} cannot be used (${reason(error)})`);
  }
}

function sealOf(name: string, bytes: Uint8Array): string {
  return `${sealStart}${hashOf(name, bytes)}`;
}

/** Whether the file exists and its seal is right. */
function isSealed(file: string, name: string): boolean {
  const fs = builtin<FileSystem>("node:fs");
  let bytes: Buffer;
  try {
    const { uid, mode } = fs.statSync(file);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return false;
    bytes = fs.readFileSync(file);
  } catch (error) {
    if (reason(error) === "ENOENT") return false;
    throw new Unavailable(`backend native: the cache file ${file} cannot be read (${reason(error)})`);
  }
  const end = bytes.length - sealLength;
  return end > 0 && bytes.subarray(end).toString("latin1") === sealOf(name, bytes.subarray(0, end));
}

export interface UnitName {
  /** Hash of source, flags and processor. */
  readonly key: string;
  /** Hash of the compiler; undefined where there is none: then any compiler's build will do. */
  readonly compiler: string | undefined;
}

const fileName = ({ key, compiler }: UnitName): string => `${key}-${compiler}.node`;

/** The path of a unit that is there and whole. */
export function cachedUnit(unit: UnitName): string | undefined {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const folder = cacheFolder();
  if (!fs.existsSync(folder)) return undefined;
  const names =
    unit.compiler !== undefined
      ? [fileName(unit)]
      : fs.readdirSync(folder).filter((name) => name.startsWith(`${unit.key}-`) && name.endsWith(".node"));
  return names.map((name) => join(folder, name)).find((file, i) => isSealed(file, names[i]));
}

const notWritten = (error: unknown): Unavailable =>
  new Unavailable(`backend native: the cache folder ${cacheFolder()} cannot be written (${reason(error)})`);

/**
 * A new private folder with files to build from; `remove` takes it away. @throws Unavailable where it cannot be made or is full.
 * @param filesIn Names and contents, given the folder.
 */
export function buildFolder(filesIn: (folder: string) => Readonly<Record<string, string>>): {
  readonly folder: string;
  remove(): void;
} {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const root = cacheFolder();
  ensureFolder(root);
  let folder: string | undefined;
  const remove = (): void => {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    removeStale(root);
    folder = fs.mkdtempSync(join(root, "build-"));
    for (const [name, text] of Object.entries(filesIn(folder))) fs.writeFileSync(join(folder, name), text);
    return { folder, remove };
  } catch (error) {
    remove();
    throw error instanceof Unavailable ? error : notWritten(error);
  }
}

function removeStale(root: string): void {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const before = Date.now() - staleMilliseconds;
  for (const name of fs.readdirSync(root)) {
    if (!name.startsWith("build-")) continue;
    const folder = join(root, name);
    const age = fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (age < before) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Seals a built file and moves it to its place; returns the path. @throws Unavailable where there is no room for it. */
export function keepUnit(unit: UnitName, built: string): string {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const name = fileName(unit);
  const file = join(cacheFolder(), name);
  try {
    fs.appendFileSync(built, sealOf(name, fs.readFileSync(built)), "latin1");
    fs.chmodSync(built, 0o700);
    fs.renameSync(built, file);
    removeOldest();
  } catch (error) {
    throw notWritten(error);
  }
  return file;
}

/** Takes away a unit that does not load; where the cache is read-only it stays. */
export function dropUnit(file: string): void {
  try {
    builtin<FileSystem>("node:fs").rmSync(file, { force: true });
  } catch (error) {
    if (!["EROFS", "EACCES", "EPERM"].includes(reason(error))) throw error;
  }
}

interface CachedFile {
  readonly file: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly made: number;
}

function cachedFiles(): CachedFile[] {
  const fs = builtin<FileSystem>("node:fs");
  const { join } = builtin<Path>("node:path");
  const folder = cacheFolder();
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".node"))
    .flatMap((name) => {
      const file = join(folder, name);
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ file, bytes: stat.size, made: stat.mtimeMs }];
    });
}

/** Keeps the cache below its limit; a unit in use stays loaded when its file goes. */
function removeOldest(): void {
  let total = 0;
  for (const { file, bytes } of cachedFiles().sort((a, b) => b.made - a.made)) {
    total += bytes;
    if (total > mostBytes) builtin<FileSystem>("node:fs").rmSync(file, { force: true });
  }
}

/** How many units there are, and their bytes. */
export function cacheContents(): { readonly units: number; readonly bytes: number } {
  const files = cachedFiles();
  return { units: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
