/** Data to stdout, everything else to stderr. */
import { encodeJson } from "../lab/json.ts";

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

const show = (cell: Cell): string => {
  if (cell === undefined) return "";
  if (typeof cell !== "number") return String(cell);
  return Object.is(cell, -0) ? "-0" : String(cell);
};

/** A text table: columns padded, numbers to the right; no trailing blanks. */
export function table(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [headers, ...rows].map((row) => headers.map((_, column) => show(row[column])));
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const numeric = headers.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  const text = lines.map((line) =>
    line
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join("  ")
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return text.join("\n");
}

/** Colors only on a terminal, and never under NO_COLOR. */
export function dim(text: string): string {
  const colors = process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "";
  return colors ? `\x1b[2m${text}\x1b[22m` : text;
}

/** A share in [0, 1] as percent: `46.3 %`. */
export function percent(share: number, digits = 1): string {
  return Number.isNaN(share) ? "-" : `${(100 * share).toFixed(digits)} %`;
}
