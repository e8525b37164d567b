/** A heat map of few cells, each drawn as a block of equal pixels: viewers that smooth pictures leave it as it is. */
import type { Panel } from "../../src/lab/figure.ts";
import { type HeatmapOptions, heatmap } from "../../src/lab/heatmap.ts";

const pixels = 24;

export function cellMap(options: HeatmapOptions): Panel {
  const { columns, rows, values } = options;
  const [wide, high] = [columns * pixels, rows * pixels];
  const enlarged = Float64Array.from({ length: wide * high }, (_, at) => {
    const [row, column] = [Math.floor(at / wide), at % wide];
    return values[Math.floor(row / pixels) * columns + Math.floor(column / pixels)];
  });
  return heatmap({ ...options, columns: wide, rows: high, values: enlarged });
}
