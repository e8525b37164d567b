/** Data to stdout, everything else to stderr. */
import { encodeJson } from "../lab/json.ts";
import { table as columns } from "../lab/table.ts";

/** Exit codes of the command line. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A reader that closes the pipe early (`| head`) ends the program quietly. */
export function endOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
    throw error;
  });
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** JSON with "NaN", "Infinity", "-Infinity" and "-0" as strings. */
export function printJson(value: unknown): void {
  print(encodeJson(value));
}

/** Progress and remarks: stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export type Cell = string | number | boolean | undefined;

const show = (cell: Cell): string =>
  typeof cell === "number" ? encodeJson(cell).replaceAll('"', "") : String(cell ?? "");

/** A text table of named columns; numbers are printed in full. */
export function table(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const records = rows.map((row) => Object.fromEntries(headers.map((name, column) => [name, show(row[column])])));
  return columns(records, headers);
}

/** A share in [0, 1] as percent: `46.3 %`. */
export function percent(share: number, digits = 1): string {
  return Number.isNaN(share) ? "-" : `${(100 * share).toFixed(digits)} %`;
}
