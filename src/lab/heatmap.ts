/** A picture of a function on a grid, with its own color bar; exact zeros stand out. */
import { axisX, axisY, image, rect, scale, text } from "@observablehq/plot";
import type { Panel } from "./figure.ts";
import { encodePng } from "./png.ts";

export interface HeatmapOptions {
  readonly title?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Of the color bar. */
  readonly valueLabel: string;
  /** First and last grid value of each axis. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly columns: number;
  readonly rows: number;
  /** [rows, columns]: row 0 lies at y[0], the bottom. */
  readonly values: ArrayLike<number>;
  readonly colorScale?: "linear" | "log";
  /** Range of the colors; by default that of the finite values (positive ones on a log scale). */
  readonly domain?: readonly [number, number];
  readonly aspect?: number;
}

const zeroColor = "#ffffff";
const nanColor = "#7f7f7f";

type Rgb = readonly [number, number, number];

function showTick(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential();
}

/** "#rrggbb" or "rgb(r, g, b)". */
function parseColor(color: string): Rgb {
  const parts = color.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    : (color.match(/\d+/g) ?? []).map(Number);
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

function dataRange(values: ArrayLike<number>, log: boolean): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return log ? [1e-12, 1] : [0, 1];
  return low === high ? [low, log ? low * 10 : low + 1] : [low, high];
}

/** Viridis over the range; on a log scale exact zeros are white and have an entry of the color bar. */
export function heatmap(options: HeatmapOptions): Panel {
  const { columns, rows, values, x, y } = options;
  const log = options.colorScale === "log";
  const domain = options.domain ?? dataRange(values, log);
  const palette = scale({
    color: { type: log ? "log" : "linear", scheme: "viridis", domain: [...domain], clamp: true },
  });
  const steps = 255;
  const at = (share: number): number =>
    log ? domain[0] * (domain[1] / domain[0]) ** share : domain[0] + (domain[1] - domain[0]) * share;
  const colors = Array.from({ length: steps + 1 }, (_, i) => parseColor(palette.apply(at(i / steps)) as string));
  const colorOf = (value: number): Rgb => {
    if (Number.isNaN(value)) return parseColor(nanColor);
    if (log && value <= 0) return parseColor(zeroColor);
    const share = log
      ? Math.log(value / domain[0]) / Math.log(domain[1] / domain[0])
      : (value - domain[0]) / (domain[1] - domain[0]);
    return colors[Math.round(steps * Math.min(1, Math.max(0, share)))];
  };
  const rgb = new Uint8Array(3 * rows * columns);
  let zeros = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column];
      if (value === 0) zeros++;
      rgb.set(colorOf(value), 3 * ((rows - 1 - row) * columns + column));
    }
  }
  const picture = `data:image/png;base64,${encodePng(columns, rows, rgb).toString("base64")}`;
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    series: [],
    hasPublished: false,
    hasInterval: false,
    aspect: options.aspect ?? 0.86,
    draw({ width, height }) {
      const [left, right, top, bottom] = [64, 78, 22, 40];
      const [innerWidth, innerHeight] = [width - left - right, height - top - bottom];
      const bar = Array.from({ length: 64 }, (_, i) => ({ low: i / 64, high: (i + 1) / 64, color: colors[i * 4] }));
      const barX = (x[1] - x[0]) / innerWidth;
      const [near, far] = [x[1] + 12 * barX, x[1] + 26 * barX];
      const height01 = (share: number): number => y[0] + (y[1] - y[0]) * share;
      const legendBottom = log && zeros > 0 ? 0.12 : 0;
      const level = (share: number): number => height01(legendBottom + (1 - legendBottom) * share);
      const ticks = Array.from({ length: 5 }, (_, i) => ({ y: level(i / 4), label: at(i / 4).toExponential(1) }));
      if (legendBottom > 0) ticks.push({ y: height01(0.03), label: "exactly 0" });
      return {
        marginLeft: left,
        marginRight: right,
        marginTop: top,
        marginBottom: bottom,
        x: { domain: [...x], label: options.xLabel },
        y: { domain: [...y], label: options.yLabel },
        clip: false,
        marks: [
          image([0], {
            x: (x[0] + x[1]) / 2,
            y: (y[0] + y[1]) / 2,
            width: innerWidth,
            height: innerHeight,
            preserveAspectRatio: "none",
            imageRendering: "pixelated",
            src: () => picture,
          }),
          axisX({ color: "currentColor", label: options.xLabel, ticks: 5, tickFormat: showTick }),
          axisY({ color: "currentColor", label: options.yLabel, labelAnchor: "top", ticks: 5, tickFormat: showTick }),
          rect(bar, {
            x1: near,
            x2: far,
            y1: (b: { low: number }) => level(b.low),
            y2: (b: { high: number }) => level(Math.min(1, b.high + 1 / 64)),
            fill: (b: { color: Rgb }) => `rgb(${b.color.join(",")})`,
          }),
          rect(legendBottom > 0 ? [0] : [], {
            x1: near,
            x2: far,
            y1: height01(0),
            y2: height01(0.06),
            fill: zeroColor,
            stroke: "currentColor",
          }),
          text(ticks, {
            x: far,
            y: "y",
            text: "label",
            dx: 4,
            textAnchor: "start",
            fill: "currentColor",
            fontSize: 10,
          }),
          text([0], {
            x: near,
            y: y[1],
            text: () => options.valueLabel,
            dy: -12,
            textAnchor: "start",
            fill: "currentColor",
          }),
        ],
      };
    },
  };
}
