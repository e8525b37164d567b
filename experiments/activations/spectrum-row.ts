/** What a stored row says about a spectrum, and how rows of one cell are summed up. */
import { activationNamed } from "../../src/analysis/spectra/activations.ts";
import { measureSpectrum, type SpectrumReport, type SpectrumRequest } from "../../src/analysis/spectra/report.ts";
import { quantile } from "../../src/analysis/statistics.ts";
import type { Point } from "../../src/lab/panels.ts";

export interface SpectrumRow {
  readonly class: string;
  readonly method: string;
  readonly lambdaMin: number;
  /** Error bound of lambdaMin, and whether lambdaMin exceeds it. */
  readonly floor: number;
  readonly resolved: boolean;
  readonly lambdaMax: number;
  readonly condition: number | null;
  /** Numbers of eigenvalues above their bounds, and below eps x lambdaMax. */
  readonly resolvedCount: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly law: number | null;
  readonly delta: number;
  readonly predictedFloor: number;
  readonly zeroShare: number | null;
  /** Ascending, six digits, of at most `mostStored` points; empty beyond. */
  readonly eigenvalues: readonly number[];
  readonly errorBounds: readonly number[];
}

const mostStored = 100;

const rounded = (values: Float64Array, digits: number): number[] =>
  values.length > mostStored ? [] : Array.from(values, (x) => Number(x.toPrecision(digits)));

export function rowOf(report: SpectrumReport): SpectrumRow {
  return {
    class: report.class,
    method: report.method,
    lambdaMin: report.lambdaMin,
    floor: report.floor,
    resolved: report.resolved[0],
    lambdaMax: report.lambdaMax,
    condition: report.condition,
    resolvedCount: report.resolved.filter((r) => r).length,
    counts: report.counts,
    law: report.law.predicted,
    delta: report.data.delta,
    predictedFloor: report.predictedFloor,
    zeroShare: report.zeroShare,
    eigenvalues: rounded(report.eigenvalues, 6),
    errorBounds: rounded(report.errorBounds, 2),
  };
}

export function measureRow(activation: string, request: Omit<SpectrumRequest, "activation">): SpectrumRow {
  return rowOf(measureSpectrum({ activation: activationNamed(activation), ...request }));
}

/** The smallest eigenvalue of a row and how well it is known. */
export type Least = Pick<SpectrumRow, "lambdaMin" | "floor" | "resolved">;

/** Median of the smallest eigenvalues; those that are not resolved count as 0. */
export function medianOf(rows: readonly Least[]): number {
  return quantile(
    rows.map((row) => (row.resolved ? row.lambdaMin : 0)),
    0.5,
  );
}

/** A point of a figure: the median with the range over the rows; an upper limit where the median is not resolved. */
export function medianPoint(series: string, x: number, rows: readonly Least[]): Point {
  const known = rows.filter((row) => row.resolved).map((row) => row.lambdaMin);
  if (2 * known.length <= rows.length) {
    return {
      series,
      x,
      y: quantile(
        rows.map((row) => Math.max(row.lambdaMin, 0) + row.floor),
        0.5,
      ),
      limit: true,
    };
  }
  const y = medianOf(rows);
  return rows.length === 1 ? { series, x, y } : { series, x, y, low: Math.min(...known), high: Math.max(...known) };
}

/** "5.01e-3", or "< 3e-29" where it is not resolved. */
export function show(row: Least | undefined): string {
  if (row === undefined) return "missing";
  return row.resolved
    ? row.lambdaMin.toExponential(2)
    : `< ${(Math.max(row.lambdaMin, 0) + row.floor).toExponential(1)}`;
}

export const noNumber = "no number available (abstract)";
