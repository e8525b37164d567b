/** The picture of one spectrum: sorted eigenvalues with their error bounds; what is not resolved is an upper limit. */
import type { SpectrumReport } from "../../src/analysis/spectra/report.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { lineWithBand, type Point } from "../../src/lab/panels.ts";

export interface Sorted {
  readonly eigenvalues: ArrayLike<number>;
  readonly errorBounds: ArrayLike<number>;
}

/** Points of a logarithmic panel, the largest eigenvalue first. */
export function sortedPoints(series: string, { eigenvalues, errorBounds }: Sorted): Point[] {
  const n = eigenvalues.length;
  return Array.from({ length: n }, (_, i): Point => {
    const [value, error] = [eigenvalues[n - 1 - i], errorBounds[n - 1 - i]];
    if (!(value > error)) return { series, x: i + 1, y: Math.max(value + error, Number.MIN_VALUE), limit: true };
    return { series, x: i + 1, y: value, low: value - error, high: value + error };
  });
}

export function spectrumFigure(report: SpectrumReport, data: string): FigureSpec {
  const { activation, n, law } = report;
  const predicted = law.predicted !== null && law.predicted > 0 ? [{ series: activation, x: n, y: law.predicted }] : [];
  return {
    title: `${activation} (${report.class}) on ${data}, ${n} points: eigenvalues of the Gram matrix`,
    caption: `Method: ${report.method}. lambda_max ${report.lambdaMax.toPrecision(4)}, delta ${report.data.delta.toPrecision(3)}. Law: ${law.name}.`,
    panels: [
      lineWithBand({
        xLabel: "rank",
        yLabel: "eigenvalue",
        yScale: "log",
        points: sortedPoints(activation, report),
        published: predicted,
        dots: true,
        bars: true,
        scatter: true,
      }),
    ],
    publishedLabel: "smallest eigenvalue by the law",
    intervalLabel: "error bound",
    width: 640,
  };
}
