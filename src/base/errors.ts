/** Errors meant for the user: what was found, what was expected, and the near name on a typo. */

/** Wrong input: an unknown name, an option out of range, shapes that do not fit. The command line exits with 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Input was well formed but could not be used: a damaged file, a full disk, a store of another version. Exit 1. */
export class DataError extends Error {
  override name = "DataError";
}

/** Shapes that do not fit an op; the message names the op, both shapes and the traced call. */
export class ShapeError extends UsageError {
  override name = "ShapeError";
}

/** Optimal string alignment distance (insertions, deletions, substitutions, adjacent swaps). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}

/** The known name nearest to `name`, if it is near enough to be a typo. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** `unknown("format", "flaot16", names)`: the error for a name that is not in a list. */
export function unknown(what: string, name: string, known: Iterable<string>): UsageError {
  const names = [...known];
  const near = nearest(name, names);
  const list = names.length === 0 ? "there are none" : `known: ${names.join(", ")}`;
  const hint = near === undefined ? list : `did you mean ${near}?`;
  return new UsageError(`unknown ${what} '${name}'; ${hint}`);
}

/** The entry of a list by its name. @throws UsageError with the near name on a typo. */
export function named<T extends { readonly name: string }>(what: string, name: string, list: readonly T[]): T {
  const found = list.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw unknown(
    what,
    name,
    list.map((entry) => entry.name),
  );
}
