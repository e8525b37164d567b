/** All trials of a store as CSV, JSON or Parquet, each trial once. */
import { parquetWriteBuffer } from "hyparquet-writer";
import { unknown } from "../base/errors.ts";
import { encodeJson } from "./json.ts";
import { findRun, listRuns, type StoredRun } from "./store.ts";
import { columnsOf } from "./table.ts";

export const exportFormats = ["csv", "json", "parquet"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export type ExportedRow = Readonly<Record<string, unknown>>;

/** Rows with their experiment, run and scale in front. A trial that several runs have is the first run's. */
export function exportedRows(runs: readonly StoredRun[]): ExportedRow[] {
  const seen = new Map<string, string>();
  return runs.flatMap((run) =>
    run.rows.flatMap((row) => {
      const owner = seen.get(row.trial) ?? run.folder;
      seen.set(row.trial, owner);
      return owner === run.folder ? [{ experiment: run.experiment, run: run.id, scale: run.scale, ...row }] : [];
    }),
  );
}

/** A cell as text: numbers as in JSON but with NaN, infinities and -0 as words, nested data as JSON. */
function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return encodeJson(value);
}

/** RFC 4180 with line feeds; a header line. */
export function toCsv(rows: readonly ExportedRow[]): string {
  const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const columns = columnsOf(rows);
  const lines = [columns.map(quote), ...rows.map((row) => columns.map((name) => quote(cellText(row[name]))))];
  return lines.map((line) => `${line.join(",")}\n`).join("");
}

/** Columns of numbers are DOUBLE (every bit kept but NaN's), of booleans BOOLEAN, all others text; absent is null. */
export function toParquet(rows: readonly ExportedRow[]): Uint8Array {
  const columnData = columnsOf(rows).map((name) => {
    const values = rows.map((row) => row[name] ?? null);
    const every = (type: string): boolean => values.every((value) => value === null || typeof value === type);
    if (values.every((value) => value === null)) return { name, data: values, type: "STRING" as const };
    if (every("number")) return { name, data: values, type: "DOUBLE" as const };
    if (every("boolean")) return { name, data: values, type: "BOOLEAN" as const };
    return { name, data: values.map((value) => (value === null ? null : cellText(value))), type: "STRING" as const };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "nonsmooth" }));
}

/**
 * The store, or one run of it, in a format: text, or the bytes of a Parquet file.
 * @throws UsageError on an unknown format or id; DataError if the store is damaged or of another version.
 */
export function exportStore(store: string, format: string, id?: string): string | Uint8Array {
  const rows = exportedRows(id === undefined ? listRuns(store) : [findRun(store, id)]);
  switch (format) {
    case "csv":
      return toCsv(rows);
    case "json":
      return `${encodeJson(rows, 1)}\n`;
    case "parquet":
      return toParquet(rows);
    default:
      throw unknown("export format", format, exportFormats);
  }
}
