/** Tables of numbers from files: rows are points, columns coordinates. */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { readIdx } from "./idx.ts";
import { parseNpy } from "./npy.ts";
import { readBytes } from "./read-file.ts";

export interface NumberTable {
  readonly rows: number;
  readonly columns: number;
  /** Row-major. */
  readonly values: Float64Array;
}

/**
 * Comma-, semicolon-, tab- or space-separated numbers, one row a line; a first line without numbers is a header.
 * @throws DataError naming the line and the cell.
 */
export function parseCsv(text: string, name: string): NumberTable {
  const lines = text.split(/\r?\n/).map((line, i) => ({ line: line.trim(), number: i + 1 }));
  const filled = lines.filter(({ line }) => line !== "" && !line.startsWith("#"));
  const cells = filled.map(({ line, number }) => ({ number, cells: line.split(/\s*[,;\t]\s*|\s+/) }));
  const isHeader = (row: readonly string[]): boolean =>
    row.every((cell) => Number.isNaN(Number(cell)) && !/^[+-]?nan$/i.test(cell));
  if (cells.length > 0 && isHeader(cells[0].cells)) cells.shift();
  if (cells.length === 0) throw new DataError(`${name}: no numbers found`);
  const columns = cells[0].cells.length;
  const values = new Float64Array(cells.length * columns);
  cells.forEach(({ number, cells: row }, i) => {
    if (row.length !== columns) {
      throw new DataError(`${name}: line ${number} has ${row.length} numbers, expected ${columns} as in the first row`);
    }
    row.forEach((cell, k) => {
      const value = Number(cell);
      if (cell === "" || (Number.isNaN(value) && !/^[+-]?nan$/i.test(cell))) {
        throw new DataError(`${name}: line ${number}: found '${cell}', expected a number`);
      }
      values[i * columns + k] = value;
    });
  });
  return { rows: cells.length, columns, values };
}

/** A first axis of rows; all further axes are columns. */
function flatten(shape: readonly number[], values: ArrayLike<number | bigint>, name: string): NumberTable {
  if (shape.length < 2) throw new DataError(`${name}: shape [${shape.join(", ")}], expected points x coordinates`);
  const [rows, ...rest] = shape;
  return { rows, columns: rest.reduce((a, b) => a * b, 1), values: Float64Array.from(values, Number) };
}

/** `.npy`, IDX (`.idx`, `-ubyte`, gzipped or not), anything else as text. @throws DataError naming the file. */
export function readTable(path: string): NumberTable {
  const name = basename(path);
  if (/(\.idx|-ubyte)(\.gz)?$/.test(name)) {
    const { shape, values } = readIdx(path);
    return flatten(shape, values, name);
  }
  const bytes = readBytes(path);
  if (name.endsWith(".npy")) {
    const { shape, values } = parseNpy(bytes, name);
    return flatten(shape, values, name);
  }
  return parseCsv(new TextDecoder().decode(bytes), name);
}
