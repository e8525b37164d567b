/** A table of numbers with named rows and columns: cells colored by size, with the numbers in them. */
import { axisX, axisY, cell, text } from "@observablehq/plot";
import type { Panel } from "./figure.ts";

export interface MatrixOptions {
  readonly title?: string;
  /** From the top, and from the left. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row, column] in order, at least 0; 0 is white, NaN is grey. */
  readonly values: readonly number[];
  /** What is written in a cell in place of its number. */
  readonly labels?: readonly (string | undefined)[];
  /** Range of the logarithmic colors. */
  readonly domain: readonly [number, number];
  readonly aspect?: number;
  /** Of the cells' texts, in pixels (default 8.5). */
  readonly fontSize?: number;
}

interface Cell {
  readonly row: string;
  readonly column: string;
  readonly value: number;
  readonly label: string;
}

/** 2e-8, 4e-3, .11: short enough for a cell. */
export function showShort(value: number): string {
  if (value === 0) return "0";
  if (value < 1e-2) return value.toExponential(0);
  return String(Number(value.toPrecision(2))).replace(/^0\./, ".");
}

export function matrixPanel(options: MatrixOptions): Panel {
  const { title, rows, columns, values, labels, domain } = options;
  const cells = rows.flatMap((row, r) =>
    columns.map((column, c): Cell => {
      const value = values[r * columns.length + c];
      return { row, column, value, label: labels?.[r * columns.length + c] ?? showShort(value) };
    }),
  );
  const [positive, zero, unknown] = [
    cells.filter(({ value }) => value > 0),
    cells.filter(({ value }) => value === 0),
    cells.filter(({ value }) => Number.isNaN(value)),
  ];
  // Viridis is dark in its lower half: white ink there.
  const middle = Math.sqrt(domain[0] * domain[1]);
  const place = { x: "column", y: "row", inset: 0.5 };
  return {
    ...(title === undefined ? {} : { title }),
    series: [],
    hasPublished: false,
    hasInterval: false,
    aspect: options.aspect ?? 0.92,
    draw: () => ({
      marginLeft: 106,
      marginBottom: 96,
      marginTop: 8,
      marginRight: 4,
      x: { domain: [...columns], label: null },
      y: { domain: [...rows], label: null },
      color: { type: "log", scheme: "viridis", domain: [...domain], clamp: true },
      marks: [
        cell(positive, { ...place, fill: "value" }),
        cell(zero, { ...place, fill: "#ffffff", stroke: "#c8c8c8", strokeWidth: 0.5 }),
        cell(unknown, { ...place, fill: "#b0b0b0" }),
        text(cells, {
          x: "column",
          y: "row",
          text: "label",
          fontSize: options.fontSize ?? 8.5,
          fill: ({ value }: Cell) => (value > 0 && value < middle ? "#ffffff" : "#1f2328"),
        }),
        axisX({ color: "currentColor", label: null, tickRotate: -60, tickSize: 3 }),
        axisY({ color: "currentColor", label: null, tickSize: 3 }),
      ],
    }),
  };
}
