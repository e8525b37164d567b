/** Panels of grouped bars with intervals and published values. */
import { axisFx, axisY, barY, dot, gridY, ruleX, ruleY, text } from "@observablehq/plot";
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
    draw({ color, width }) {
      // The middle of a bar belongs to its interval; marks and words stand beside it.
      const beside = (0.2 * (width - 66)) / (groups.length * series.length);
      return {
        marginLeft: 46,
        marginBottom: 40,
        marginTop: 22,
        fx: { domain: groups, padding: 0.18, label: options.xLabel || null },
        x: { domain: series, axis: null, padding: 0.08 },
        y: { label: options.yLabel, zero: true, nice: true, ...(options.yDomain && { domain: [...options.yDomain] }) },
        marks: marks(
          gridY({ stroke: "currentColor", strokeOpacity: 0.15 }),
          axisY({ ticks: 5, color: "currentColor", labelAnchor: "top" }),
          axisFx({ anchor: "bottom", color: "currentColor", label: options.xLabel || null }),
          barY(defined, { fx: "x", x: "series", y: "value", fill: (bar: Bar) => color(bar.series) }),
          text(
            defined.filter((bar) => bar.value === 0),
            { fx: "x", x: "series", y: 0, text: () => "0", dx: -beside, dy: -7, fill: "currentColor", fontSize: 10 },
          ),
          text(missing, {
            fx: "x",
            x: "series",
            y: 0,
            text: () => "?",
            dx: -beside,
            dy: -7,
            fill: "currentColor",
            fontSize: 10,
          }),
          ruleX(intervals, { fx: "x", x: "series", y1: "low", y2: "high", stroke: "currentColor", strokeWidth: 1.4 }),
          dot(published, {
            fx: "x",
            x: "series",
            y: "published",
            dx: beside,
            symbol: "diamond",
            r: 3.2,
            fill: "#ffffff",
            stroke: "#1f2328",
            strokeWidth: 1.3,
          }),
          ruleY([0], { stroke: "currentColor" }),
        ),
      };
    },
  };
}

/** Several panels of bars that share their vertical axis. */
export function barPanels(
  shared: Omit<BarPanelOptions, "title" | "xLabel" | "bars">,
  panels: readonly Pick<BarPanelOptions, "title" | "xLabel" | "bars">[],
): Panel[] {
  return panels.map((panel) => barPanel({ ...shared, ...panel }));
}
