/** Text tables for the terminal and for Markdown. */
import { encodeJson } from "./json.ts";

/** Cells of plain data: numbers to four significant digits, null and undefined empty. */
export function showCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value !== "number") return encodeJson(value);
  if (Object.is(value, -0)) return "-0";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** Columns of the rows in order of first appearance. */
export function columnsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Aligned columns under their names, numbers to the right. No line feed at the end. */
export function table(rows: readonly object[], columns: readonly string[] = columnsOf(rows)): string {
  const cells = rows.map((row) => columns.map((name) => showCell((row as Record<string, unknown>)[name])));
  const numeric = columns.map((name) =>
    rows.every((row) => ["number", "undefined"].includes(typeof (row as Record<string, unknown>)[name])),
  );
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const show = (row: readonly string[]): string =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [show(columns), show(widths.map((width) => "-".repeat(width))), ...cells.map(show)].join("\n");
}

/** A GitHub-flavored Markdown table. */
export function markdownTable(rows: readonly object[], columns: readonly string[] = columnsOf(rows)): string {
  const escapeCell = (cell: string): string => cell.replaceAll("|", "\\|").replaceAll("\n", " ");
  const show = (row: readonly string[]): string => `| ${row.map(escapeCell).join(" | ")} |`;
  const cells = rows.map((row) => columns.map((name) => showCell((row as Record<string, unknown>)[name])));
  return [show(columns), show(columns.map(() => "---")), ...cells.map(show)].join("\n");
}
