/** `nonsmooth data`: which data sets are there, whether they are whole, and what they look like. */
import type { Command } from "commander";
import { DataError, UsageError, unknown } from "../base/errors.ts";
import {
  type DataSet,
  dataSetNamed,
  dataSets,
  type Images,
  loadImages,
  type Split,
  type Summary,
  splits,
  summarize,
} from "../data/index.ts";
import { type Progress, progress } from "../lab/progress.ts";
import { command } from "./command.ts";
import { exitCodes, percent, print, printJson, table } from "./output.ts";
import { word } from "./text.ts";

interface Options {
  readonly dataDir?: string;
  readonly split?: string;
  readonly skipBad?: boolean;
  readonly json?: boolean;
}

export function dataCommand(): Command {
  return command(
    "data",
    "data sets: which are found where (ls), whether every file and image is whole (check), what they look like (summary)",
    "nonsmooth data --data-dir ~/data",
    "nonsmooth data check cifar10 --data-dir ~/data",
    "nonsmooth data summary mnist --json",
  )
    .argument("[action]", "ls | check | summary", "ls")
    .argument("[name]", "only this data set")
    .option("--data-dir <folder>", "the folder of the data sets, or of one of them")
    .option("--split <name>", splits.join(" | "))
    .option("--skip-bad", "leave bad images out and count them")
    .action(run);
}

const actions = ["ls", "check", "summary"] as const;

function run(action: string, name: string | undefined, options: Options): void {
  if (!(actions as readonly string[]).includes(action)) throw unknown("command of data", action, actions);
  const sets = name === undefined ? dataSets : [dataSetNamed(name)];
  const split = options.split === undefined ? undefined : word(options.split, "split", splits);
  const places = sets.flatMap((set) => placesOf(set, split, options.dataDir));
  if (action === "ls") list(sets, places, options);
  else {
    if (places.length === 0) throw nothingFound(name, options);
    if (action === "check") check(places, options);
    else summary(places, options);
  }
}

/** A split that is there. */
interface Place {
  readonly set: DataSet;
  readonly split: Split;
  readonly path: string;
  /** As it is given to the reader: undefined for an installed set that the data directory does not hold. */
  readonly dataDir: string | undefined;
}

function placesOf(set: DataSet, split: Split | undefined, dataDir: string | undefined): Place[] {
  return set.splits
    .filter((known) => split === undefined || known === split)
    .flatMap((known) => {
      const given = dataDir === undefined ? undefined : set.find(known, dataDir);
      const path = given ?? set.find(known);
      return path === undefined
        ? []
        : [{ set, split: known, path, dataDir: given === undefined ? undefined : dataDir }];
    });
}

/** The line for a set that was asked for and is not there. */
function nothingFound(name: string | undefined, { dataDir, split }: Options): Error {
  const set = name === undefined ? undefined : dataSetNamed(name);
  if (set !== undefined && split !== undefined && !(set.splits as readonly string[]).includes(split)) {
    return new UsageError(`${set.name} has no split '${split}'; it has ${set.splits.join(", ")}`);
  }
  const where = dataDir === undefined ? "; pass --data-dir" : ` in ${dataDir}`;
  const how = set === undefined ? "" : `; to obtain it: ${set.obtain}`;
  return new DataError(`${name ?? "data"}: not found${where}${how}`);
}

/** Runs `work` with a line of progress; a DataError becomes the result's problem. */
function attempt<T>(title: string, work: (progress: (done: number, total: number) => void) => T): T | DataError {
  let line: Progress | undefined;
  try {
    return work((done, total) => {
      line ??= progress({ title, total });
      line.update(done);
    });
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  } finally {
    line?.end();
  }
}

const titleOf = ({ set, split }: Place): string => `${set.name} ${split}`;

function list(sets: readonly DataSet[], places: readonly Place[], options: Options): void {
  const counted = places.map((place) => {
    const count = attempt(titleOf(place), () => place.set.count(place.split, place.path));
    return {
      ...place,
      count: count instanceof DataError ? null : count,
      problem: count instanceof DataError ? count.message : null,
    };
  });
  const listing = sets.map((set) => ({
    name: set.name,
    title: set.title,
    normalisation: set.normalisation,
    obtain: set.obtain,
    splits: set.splits.map((split) => {
      const found = counted.find((place) => place.set === set && place.split === split);
      const { path = null, count = null, problem = null } = found ?? {};
      return { split, path, count, published: set.published[split] ?? null, problem };
    }),
  }));
  if (options.json === true) {
    printJson(listing);
    return;
  }
  const rows = listing.flatMap(({ name, splits: known }) =>
    known.map(({ split, path, count, published, problem }) => [
      name,
      split,
      count === null ? "" : count,
      published ?? "",
      problem ?? path ?? "missing",
    ]),
  );
  print(table(["data set", "split", "images", "published", "found"], rows));
  const missing = listing.filter((set) => set.splits.every(({ path }) => path === null));
  if (missing.length > 0) {
    print(`\nTo obtain what is missing (nothing is downloaded), then pass --data-dir:`);
    print(
      table(
        ["data set", "from"],
        missing.map(({ name, obtain }) => [name, obtain]),
      ),
    );
  }
}

const load = (place: Place, skipBad: boolean, report: (done: number, total: number) => void): Images =>
  loadImages(place.set.name, { dataDir: place.dataDir, split: place.split, skipBad, progress: report });

/** Reads every file, record and image; bad images are listed, all of them. */
function check(places: readonly Place[], options: Options): void {
  const rows = places.map((place) => {
    const found = attempt(titleOf(place), (report) => load(place, true, report));
    const loaded = found instanceof DataError ? undefined : found;
    const problems = found instanceof DataError ? [found.message] : found.skipped;
    return {
      name: place.set.name,
      split: place.split,
      path: place.path,
      ok: loaded !== undefined && (problems.length === 0 || options.skipBad === true),
      count: loaded?.count ?? null,
      published: place.set.published[place.split] ?? null,
      variant: loaded?.variant ?? null,
      checksum: loaded?.checksum ?? null,
      skipped: loaded?.skipped.length ?? null,
      problems,
    };
  });
  if (options.json === true) printJson(rows);
  else {
    const headers = ["data set", "split", "ok", "images", "published", "bad", "which copy", "checksum"];
    const body = rows.map((row) => [
      row.name,
      row.split,
      row.ok ? "yes" : "no",
      ...[row.count, row.published, row.skipped, row.variant].map((cell) => cell ?? ""),
      row.checksum?.replace(/^(.*?:.{12}).*/, "$1") ?? "",
    ]);
    print(table(headers, body));
    for (const row of rows) for (const problem of row.problems) print(`${row.name} ${row.split}: ${problem}`);
  }
  if (rows.some(({ ok }) => !ok)) process.exitCode = exitCodes.failed;
}

function summary(places: readonly Place[], options: Options): void {
  const rows = places.map((place) => {
    const made = attempt(titleOf(place), (report) => {
      const set = load(place, options.skipBad === true, report);
      return { set, ...summarize(set, report) };
    });
    if (made instanceof DataError) throw made;
    const { set, ...moments } = made;
    const { name, split, count, channels, height, width, classes, variant, checksum, skipped } = set;
    return {
      name,
      split,
      count,
      channels,
      height,
      width,
      classes,
      variant,
      checksum,
      skipped: skipped.length,
      ...moments,
    };
  });
  if (options.json === true) {
    printJson(rows);
    return;
  }
  const headers = ["data set", "split", "images", "size", "mean", "std", "classes", "images per class", "repeated"];
  const short = (values: readonly number[]): string => values.map((value) => value.toFixed(4)).join(" ");
  const body = rows.map((row) => [
    row.name,
    row.split,
    row.count,
    `${row.channels} x ${row.height} x ${row.width}`,
    short(row.mean),
    short(row.std),
    row.classes,
    perClass(row),
    percent(row.repeated, 2),
  ]);
  print(table(headers, body));
}

function perClass({ classCounts }: Summary): string {
  const [least, most] = classCounts.reduce(
    ([a, b], n) => [Math.min(a, n), Math.max(b, n)],
    [Number.POSITIVE_INFINITY, 0],
  );
  return least === most ? `${least}` : `${least} .. ${most}`;
}
