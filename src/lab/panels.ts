/** Panels of bars and of lines, with intervals and published values. */
import { areaY, axisFx, axisX, axisY, barY, dot, gridY, line, ruleX, ruleY, text } from "@observablehq/plot";
import { marks, type Panel } from "./figure.ts";

export interface Bar {
  /** Group on the horizontal axis; groups stay in the order of their first bars. */
  readonly x: string | number;
  readonly series: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  readonly published?: number;
}

export interface BarPanelOptions {
  readonly title?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly bars: readonly Bar[];
  /** Default: from 0 to what the data need. */
  readonly yDomain?: readonly [number, number];
  readonly aspect?: number;
}

function has<K extends string>(list: readonly Partial<Record<K, unknown>>[], ...keys: readonly K[]): boolean {
  return list.some((entry) => keys.every((key) => entry[key] !== undefined));
}

/** Grouped bars: one group per x, one bar per series. A bar of value 0 is written "0", so that it can be seen. */
export function barPanel(options: BarPanelOptions): Panel {
  const { bars } = options;
  const groups = [...new Set(bars.map((bar) => bar.x))];
  const series = [...new Set(bars.map((bar) => bar.series))];
  const defined = bars.filter((bar) => Number.isFinite(bar.value));
  const intervals = defined.filter((bar) => bar.low !== undefined && bar.high !== undefined);
  const published = bars.filter((bar) => bar.published !== undefined);
  const missing = bars.filter((bar) => !Number.isFinite(bar.value));
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    series,
    hasPublished: published.length > 0,
    hasInterval: intervals.length > 0,
    aspect: options.aspect ?? 0.62,
    draw: ({ color }) => ({
      marginLeft: 46,
      marginBottom: 40,
      marginTop: 22,
      fx: { domain: groups, padding: 0.18, label: options.xLabel },
      x: { domain: series, axis: null, padding: 0.08 },
      y: { label: options.yLabel, zero: true, nice: true, ...(options.yDomain && { domain: [...options.yDomain] }) },
      marks: marks(
        gridY({ stroke: "currentColor", strokeOpacity: 0.15 }),
        axisY({ ticks: 5, color: "currentColor", labelAnchor: "top" }),
        axisFx({ anchor: "bottom", color: "currentColor", label: options.xLabel }),
        barY(defined, { fx: "x", x: "series", y: "value", fill: (bar: Bar) => color(bar.series) }),
        text(
          defined.filter((bar) => bar.value === 0),
          { fx: "x", x: "series", y: 0, text: () => "0", dy: -6, fill: "currentColor", fontSize: 10 },
        ),
        text(missing, { fx: "x", x: "series", y: 0, text: () => "?", dy: -6, fill: "currentColor", fontSize: 10 }),
        ruleX(intervals, { fx: "x", x: "series", y1: "low", y2: "high", stroke: "currentColor", strokeWidth: 1.4 }),
        dot(published, {
          fx: "x",
          x: "series",
          y: "published",
          symbol: "diamond",
          r: 3.6,
          fill: "#ffffff",
          stroke: "#1f2328",
          strokeWidth: 1.3,
        }),
        ruleY([0], { stroke: "currentColor" }),
      ),
    }),
  };
}

/** Several panels of bars that share their vertical axis. */
export function barPanels(
  shared: Omit<BarPanelOptions, "title" | "xLabel" | "bars">,
  panels: readonly Pick<BarPanelOptions, "title" | "xLabel" | "bars">[],
): Panel[] {
  return panels.map((panel) => barPanel({ ...shared, ...panel }));
}

export interface Point {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export type ScaleType = "linear" | "log" | "symlog";

export interface LinePanelOptions {
  readonly title?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points in order of x; a NaN breaks its line. */
  readonly points: readonly Point[];
  /** Published points, drawn as marks. */
  readonly published?: readonly { readonly series: string; readonly x: number; readonly y: number }[];
  /** Vertical lines with a label. */
  readonly events?: readonly { readonly x: number; readonly label: string }[];
  readonly xScale?: ScaleType;
  readonly yScale?: ScaleType;
  /** |y| below which a symlog axis is linear. */
  readonly yConstant?: number;
  readonly yDomain?: readonly [number, number];
  /** Draws a dot at each point. */
  readonly dots?: boolean;
  readonly aspect?: number;
}

/** Lines with a band from `low` to `high`. */
export function lineWithBand(options: LinePanelOptions): Panel {
  const { points, published = [], events = [] } = options;
  const series = [...new Set([...points, ...published].map((point) => point.series))];
  const banded = has(points, "low", "high");
  const tick = (scale: ScaleType | undefined): string | undefined => (scale === "log" ? "~e" : undefined);
  const axis = (scale: ScaleType | undefined): { ticks: number; tickFormat?: string } => {
    const tickFormat = tick(scale);
    return { ticks: 5, ...(tickFormat === undefined ? {} : { tickFormat }) };
  };
  return {
    ...(options.title === undefined ? {} : { title: options.title }),
    series,
    hasPublished: published.length > 0,
    hasInterval: false,
    aspect: options.aspect ?? 0.62,
    draw: ({ color }) => ({
      marginLeft: 52,
      marginBottom: 40,
      marginTop: 22,
      marginRight: 16,
      x: { type: options.xScale ?? "linear", label: options.xLabel },
      y: {
        type: options.yScale ?? "linear",
        label: options.yLabel,
        nice: true,
        ...(options.yConstant === undefined ? {} : { constant: options.yConstant }),
        ...(options.yDomain && { domain: [...options.yDomain] }),
      },
      marks: marks(
        gridY({ stroke: "currentColor", strokeOpacity: 0.15, ticks: 5 }),
        axisX({ color: "currentColor", label: options.xLabel, ...axis(options.xScale) }),
        axisY({ color: "currentColor", labelAnchor: "top", ...axis(options.yScale) }),
        ruleX(events, { x: "x", stroke: "currentColor", strokeDasharray: "3,3", strokeOpacity: 0.7 }),
        text(events, {
          x: "x",
          text: "label",
          frameAnchor: "top",
          dx: 5,
          textAnchor: "start",
          fill: "currentColor",
          fontSize: 10,
        }),
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
        line(points, { x: "x", y: "y", z: "series", stroke: (p: Point) => color(p.series), strokeWidth: 1.8 }),
        options.dots === true
          ? dot(points, { x: "x", y: "y", fill: (p: Point) => color(p.series), r: 2.6 })
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
