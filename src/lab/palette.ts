/** Colors that stay apart for color-blind readers, on light and on dark paper (Okabe and Ito 2008, without black; the last one is Tol's olive). */

export const seriesColors: readonly string[] = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#D55E00",
  "#CC79A7",
  "#56B4E9",
  "#8C8C8C",
  "#999933",
];

/** The color of a series by its place in the list of all series of a figure. */
export function seriesColor(series: readonly string[], name: string): string {
  return seriesColors[Math.max(0, series.indexOf(name)) % seriesColors.length];
}

export const lightPaper = "#ffffff";
export const lightInk = "#1f2328";
export const darkPaper = "#0d1117";
export const darkInk = "#e6edf3";
