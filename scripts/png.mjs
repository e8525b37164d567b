/** Development only: an SVG figure as PNG, to look at it. `node scripts/png.mjs FIGURE.svg OUT.png [dark]`. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

/** The figure with the DejaVu fonts (without a font file all text vanishes), twice its size. */
export function renderPng(svg, dark = false) {
  const fonts = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(fonts, name));
  const [light, darkRules] = ["", "$1"];
  const shown = svg.replace(/@media \(prefers-color-scheme:dark\)\{(.*?)\}(?=<\/style>)/, dark ? darkRules : light);
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  return new Resvg(shown, { font, fitTo: { mode: "zoom", value: 2 } }).render().asPng();
}

const [input, output, mode] = process.argv.slice(2);
if (process.argv[1]?.endsWith("png.mjs") && input !== undefined && output !== undefined) {
  writeFileSync(output, renderPng(readFileSync(input, "utf8"), mode === "dark"));
}
