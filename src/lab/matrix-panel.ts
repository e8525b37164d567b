/** A matrix of positive numbers between named things: colored cells with the numbers in them. */
import { axisX, axisY, cell, text } from "@observablehq/plot";
import type { Panel } from "./figure.ts";

export interface MatrixOptions {
  readonly title?: string;
  /** Of columns and of rows, from the top. */
  readonly names: readonly string[];
  /** [row, column] in order; 0 is white, NaN is grey. */
  readonly values: readonly number[];
  /** What is written in a cell in place of its number. */
  readonly labels?: readonly (string | undefined)[];
  /** Range of the logarithmic colors. */
  readonly domain: readonly [number, number];
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

export function matrixPanel({ title, names, values, labels, domain }: MatrixOptions): Panel {
  const cells = names.flatMap((row, r) =>
    names.map((column, c): Cell => {
      const value = values[r * names.length + c];
      return { row, column, value, label: labels?.[r * names.length + c] ?? showShort(value) };
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
    aspect: 0.92,
    draw: () => ({
      marginLeft: 106,
      marginBottom: 96,
      marginTop: 8,
      marginRight: 4,
      x: { domain: [...names], label: null },
      y: { domain: [...names], label: null },
      color: { type: "log", scheme: "viridis", domain: [...domain], clamp: true },
      marks: [
        cell(positive, { ...place, fill: "value" }),
        cell(zero, { ...place, fill: "#ffffff", stroke: "#c8c8c8", strokeWidth: 0.5 }),
        cell(unknown, { ...place, fill: "#b0b0b0" }),
        text(cells, {
          x: "column",
          y: "row",
          text: "label",
          fontSize: 8.5,
          fill: ({ value }: Cell) => (value > 0 && value < middle ? "#ffffff" : "#1f2328"),
        }),
        axisX({ color: "currentColor", label: null, tickRotate: -60, tickSize: 3 }),
        axisY({ color: "currentColor", label: null, tickSize: 3 }),
      ],
    }),
  };
}
