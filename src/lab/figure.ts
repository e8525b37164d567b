/** Figures: panels drawn by Observable Plot, put together into one standalone SVG for light and dark paper. */
import { type Markish, type PlotOptions, plot } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { darkInk, darkPaper, lightInk, lightPaper, seriesColor } from "./palette.ts";

/** Size of a panel in pixels and the color of each series of the figure. */
export interface PanelContext {
  readonly width: number;
  readonly height: number;
  color(series: string): string;
}

/** One set of axes. Made by barPanel, linePanel, heatmap. */
export interface Panel {
  /** Series of the legend, in order. */
  readonly series: readonly string[];
  readonly title?: string;
  readonly hasPublished: boolean;
  readonly hasInterval: boolean;
  /** Points of which only an upper limit is known. */
  readonly hasLimit?: boolean;
  /** Height over width. */
  readonly aspect: number;
  draw(context: PanelContext): PlotOptions;
}

export interface FigureSpec {
  readonly title: string;
  /** Scale (inits, samples), arithmetic and what the marks mean; wrapped under the panels. */
  readonly caption: string;
  readonly panels: readonly Panel[];
  /** Panels beside each other; default as many as there are, at most 2. */
  readonly columns?: number;
  /** Pixels, at most 900. */
  readonly width?: number;
  /** Words of the legend for published values and for the bars of uncertainty. */
  readonly publishedLabel?: string;
  readonly intervalLabel?: string;
  readonly limitLabel?: string;
}

const margin = 16;
const lineHeight = 17;
const font = "system-ui, 'DejaVu Sans', sans-serif";

/** Wraps at words; `size` is the font size in pixels, a letter taken as 0.56 of it. */
function wrap(text: string, width: number, size: number): string[] {
  const limit = Math.floor(width / (0.56 * size));
  const lines = [""];
  for (const word of text.replaceAll(" %", "\u00a0%").split(/[ \n]+/)) {
    const last = lines[lines.length - 1];
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= limit) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function textLine(x: number, y: number, size: number, text: string, extra = ""): string {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="currentColor"${extra}>${escapeXml(text)}</text>`;
}

interface LegendEntry {
  readonly label: string;
  /** SVG of a 14 x 12 symbol with its origin at the left of the text's base line. */
  readonly symbol: string;
}

function legendEntries(spec: FigureSpec, series: readonly string[]): LegendEntry[] {
  const entries = series.map((name) => ({
    label: name,
    symbol: `<rect y="-10" width="12" height="11" fill="${seriesColor(series, name)}"/>`,
  }));
  if (spec.panels.some((panel) => panel.hasInterval)) {
    const bar = '<path d="M6 -11V2M3 -11H9M3 2H9" stroke="currentColor" fill="none" stroke-width="1.4"/>';
    entries.push({ label: spec.intervalLabel ?? "95 % interval", symbol: bar });
  }
  if (spec.panels.some((panel) => panel.hasLimit === true)) {
    const triangle = '<path d="M1 -9H11L6 0Z" fill="none" stroke="currentColor" stroke-width="1.2"/>';
    entries.push({ label: spec.limitLabel ?? "below this, not resolved", symbol: triangle });
  }
  if (spec.panels.some((panel) => panel.hasPublished)) {
    const diamond = '<path d="M6 -10L11 -4.5L6 1L1 -4.5Z" fill="#fff" stroke="#1f2328" stroke-width="1.4"/>';
    entries.push({ label: spec.publishedLabel ?? "published", symbol: diamond });
  }
  return entries;
}

/** The legend's rows as SVG, and their height. */
function drawLegend(entries: readonly LegendEntry[], width: number, top: number): { svg: string; height: number } {
  let [x, y] = [margin, top + 14];
  let svg = "";
  for (const entry of entries) {
    const length = 18 + entry.label.length * 7.2 + 18;
    if (x > margin && x + length > width - margin) [x, y] = [margin, y + lineHeight + 3];
    svg += `<g transform="translate(${x},${y})">${entry.symbol}${textLine(18, 0, 12, entry.label)}</g>`;
    x += length;
  }
  return { svg, height: entries.length === 0 ? 0 : y - top + 8 };
}

/** One panel as a nested SVG element. */
function drawPanel(panel: Panel, context: PanelContext, x: number, y: number): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const options = panel.draw(context);
  const style = { fontFamily: font, fontSize: "11px", background: "none", color: "currentColor", overflow: "visible" };
  const base = { width: context.width, height: context.height, style };
  const drawn = plot({ ...base, ...options, document: document as unknown as Document });
  const element = (drawn.tagName.toLowerCase() === "svg" ? drawn : drawn.querySelector("svg")) as SVGElement;
  element.querySelector("style")?.remove();
  for (const name of ["class", "style"]) element.removeAttribute(name);
  element.setAttribute("x", String(x));
  element.setAttribute("y", String(y));
  element.setAttribute("fill", "currentColor");
  element.setAttribute("font-size", "11");
  return element.outerHTML.replace(' xmlns="http://www.w3.org/2000/svg"', "");
}

function styleSheet(): string {
  return (
    `svg.figure{color:${lightInk}}.paper{fill:${lightPaper}}text{white-space:pre}` +
    `@media (prefers-color-scheme:dark){svg.figure{color:${darkInk}}.paper{fill:${darkPaper}}}`
  );
}

/** The figure as text of a standalone SVG file. */
export function drawFigure(spec: FigureSpec): string {
  const width = Math.min(900, spec.width ?? 900);
  const series = [...new Set(spec.panels.flatMap((panel) => panel.series))];
  const columns = spec.columns ?? Math.min(2, spec.panels.length);
  const panelWidth = (width - margin * (columns + 1)) / columns;
  let y = margin + 4;
  let body = "";
  for (const line of wrap(spec.title, width - 2 * margin, 16)) {
    y += 14;
    body += textLine(margin, y, 16, line, ' font-weight="600"');
    y += 6;
  }
  const legend = drawLegend(legendEntries(spec, series), width, y);
  body += legend.svg;
  y += legend.height;
  for (let first = 0; first < spec.panels.length; first += columns) {
    const row = spec.panels.slice(first, first + columns);
    const height = Math.max(...row.map((panel) => Math.round(panelWidth * panel.aspect)));
    const titled = row.some((panel) => panel.title !== undefined) ? 20 : 4;
    row.forEach((panel, i) => {
      const x = margin + i * (panelWidth + margin);
      if (panel.title !== undefined) body += textLine(x, y + 18, 12.5, panel.title, ' font-weight="600"');
      const context = { width: panelWidth, height, color: (name: string) => seriesColor(series, name) };
      body += drawPanel(panel, context, x, y + titled);
    });
    y += height + titled + 8;
  }
  for (const line of wrap(spec.caption, width - 2 * margin, 11.5)) {
    y += lineHeight;
    body += textLine(margin, y, 11.5, line, ' fill-opacity="0.85"');
  }
  const height = Math.ceil(y + margin);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="figure" ` +
    `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${font}" color="${lightInk}" ` +
    `role="img" aria-label="${escapeXml(spec.title)}"><style>${styleSheet()}</style>` +
    `<rect class="paper" width="${width}" height="${height}" fill="${lightPaper}"/>${body}</svg>\n`
  );
}

/** Marks that only some data needs: dropped where there is none. */
export function marks(...list: readonly (Markish | undefined)[]): Markish[] {
  return list.filter((mark) => mark !== undefined);
}
