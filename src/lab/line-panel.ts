/** Panels of lines with bands of uncertainty and published points. */
import { areaY, axisX, axisY, dot, gridY, line, type Markish, ruleX, text } from "@observablehq/plot";
import { marks, type Panel } from "./figure.ts";

export interface Point {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  /** Only an upper limit is known, y itself: drawn as an open triangle, no part of a line. */
  readonly limit?: boolean;
}

export type ScaleType = "linear" | "log" | "symlog";

interface LineEvent {
  readonly x: number;
  readonly label: string;
}

export interface LinePanelOptions {
  readonly title?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points in order of x; a NaN breaks its line. */
  readonly points: readonly Point[];
  /** Published points, drawn as marks. */
  readonly published?: readonly { readonly series: string; readonly x: number; readonly y: number }[];
  /** Vertical lines with a label. */
  readonly events?: readonly LineEvent[];
  readonly xScale?: ScaleType;
  readonly yScale?: ScaleType;
  /** |y| below which a symlog axis is linear. */
  readonly yConstant?: number;
  readonly yDomain?: readonly [number, number];
  /** Draws a dot at each point. */
  readonly dots?: boolean;
  /** Draws low and high as bars of uncertainty instead of a band. */
  readonly bars?: boolean;
  /** Draws no lines. */
  readonly scatter?: boolean;
  readonly aspect?: number;
}

interface AxisTicks {
  readonly ticks: number | number[];
  readonly tickFormat?: (value: number) => string;
  /** Whole decades. */
  readonly domain?: readonly [number, number];
}

/** 0, 100, 1e-6: as short as it goes. */
function showPower(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e4) return String(value);
  return value.toExponential(Number.isInteger(Math.log10(Math.abs(value))) ? 0 : 1);
}

/** Decades for logarithmic scales (at most about eight of them), with 0 for symlog. */
function axisTicks(scale: ScaleType | undefined, values: readonly number[], constant = 1): AxisTicks {
  if (scale === undefined || scale === "linear") {
    const flat = values.length > 0 && values.every((value) => value === values[0]);
    return flat ? { ticks: 5, domain: [Math.min(0, values[0]), Math.max(0, values[0]) || 1] } : { ticks: 5 };
  }
  const magnitudes = values.map(Math.abs).filter((value) => value > 0 && Number.isFinite(value));
  if (magnitudes.length === 0) {
    return scale === "log" ? { ticks: 5 } : { ticks: [0, constant], tickFormat: showPower, domain: [0, constant] };
  }
  const least = scale === "symlog" ? constant : magnitudes.reduce((a, b) => Math.min(a, b));
  const [low, high] = [
    Math.floor(Math.log10(least)),
    Math.ceil(Math.log10(magnitudes.reduce((a, b) => Math.max(a, b)))),
  ];
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const decades: number[] = [];
  for (let power = low; power <= high; power += step) decades.push(Number(`1e${power}`));
  const negative = values.some((value) => value < 0);
  // Where both signs occur, the marks at +-constant would stand on the one at 0.
  if (negative && scale === "symlog") decades.shift();
  const signed = negative ? decades.map((value) => -value).reverse() : [];
  if (scale === "log") return { ticks: decades, tickFormat: showPower };
  const top = Number(`1e${high}`);
  return { ticks: [...signed, 0, ...decades], tickFormat: showPower, domain: [signed.length > 0 ? -top : 0, top] };
}

/** Lines with a band from `low` to `high`. */
export function lineWithBand(options: LinePanelOptions): Panel {
  const { published = [], events = [] } = options;
  const points = options.points.filter((point) => point.limit !== true);
  const limits = options.points.filter((point) => point.limit === true);
  // A line ends where only a limit is known.
  const broken = options.points.map((point) => (point.limit === true ? { ...point, y: Number.NaN } : point));
  const series = [...new Set([...options.points, ...published].map((point) => point.series))];
  const ranged = points.filter((point) => point.low !== undefined && point.high !== undefined);
  const banded = ranged.length > 0 && options.bars !== true;
  const ys = [
    ...options.points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    ...published.map((point) => point.y),
  ];
  const xs = options.points.map((point) => point.x);
  const { domain: decades, ...yAxis } = axisTicks(
    options.yScale,
    [...ys, ...(options.yDomain ?? [])],
    options.yConstant,
  );
  const yDomain = options.yDomain ?? decades;
  const { domain: _, ...xAxis } = axisTicks(options.xScale, xs);
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    series,
    hasPublished: published.length > 0,
    hasInterval: options.bars === true && ranged.length > 0,
    hasLimit: limits.length > 0,
    aspect: options.aspect ?? 0.62,
    draw: ({ color }) => ({
      marginLeft: 52,
      marginBottom: 40,
      marginTop: 22,
      marginRight: 16,
      x: { type: options.xScale ?? "linear", label: options.xLabel || null, nice: options.xScale === "log" },
      y: {
        type: options.yScale ?? "linear",
        label: options.yLabel,
        nice: true,
        ...(options.yConstant === undefined ? {} : { constant: options.yConstant }),
        ...(yDomain && { domain: [...yDomain] }),
      },
      marks: marks(
        gridY({ stroke: "currentColor", strokeOpacity: 0.15, ticks: yAxis.ticks }),
        axisX({ color: "currentColor", label: options.xLabel || null, ...xAxis }),
        axisY({ color: "currentColor", labelAnchor: "top", ...yAxis }),
        ruleX(events, { x: "x", stroke: "currentColor", strokeDasharray: "3,3", strokeOpacity: 0.7 }),
        ...eventLabels(events, xs, options.xScale === "log"),
        banded
          ? areaY(points, {
              x: "x",
              y1: "low",
              y2: "high",
              z: "series",
              fill: (p: Point) => color(p.series),
              fillOpacity: 0.2,
            })
          : undefined,
        options.scatter === true
          ? undefined
          : line(broken, { x: "x", y: "y", z: "series", stroke: (p: Point) => color(p.series), strokeWidth: 1.8 }),
        options.bars === true
          ? ruleX(ranged, { x: "x", y1: "low", y2: "high", stroke: (p: Point) => color(p.series), strokeWidth: 1.4 })
          : undefined,
        options.dots === true
          ? dot(points, { x: "x", y: "y", fill: (p: Point) => color(p.series), r: 2.6 })
          : undefined,
        limits.length > 0
          ? dot(limits, {
              x: "x",
              y: "y",
              symbol: "triangle2",
              r: 3,
              fill: "none",
              stroke: (p: Point) => color(p.series),
              strokeWidth: 1.2,
              rotate: 180,
            })
          : undefined,
        dot(published, {
          x: "x",
          y: "y",
          symbol: "diamond",
          r: 4,
          fill: "#ffffff",
          stroke: (p: Point) => color(p.series),
          strokeWidth: 1.8,
        }),
      ),
    }),
  };
}

/** The label of an event stands on the side that has more room. */
function eventLabels(events: readonly LineEvent[], xs: readonly number[], log: boolean): Markish[] {
  const at = (x: number): number => (log ? Math.log(x) : x);
  const middle = (at(Math.min(...xs)) + at(Math.max(...xs))) / 2;
  const side = (own: readonly LineEvent[], textAnchor: "start" | "end", dx: number): Markish =>
    text(own, { x: "x", text: "label", frameAnchor: "top", dx, textAnchor, fill: "currentColor", fontSize: 10 });
  return [
    side(
      events.filter(({ x }) => at(x) <= middle),
      "start",
      5,
    ),
    side(
      events.filter(({ x }) => at(x) > middle),
      "end",
      -5,
    ),
  ];
}
