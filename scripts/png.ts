/** Development only: an SVG figure as PNG, to look at it. `node dist/scripts/png.js FIGURE.svg OUT.png [dark]`. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { darkInk, darkPaper, lightInk, lightPaper } from "../src/lab/palette.ts";

/** The figure rendered with the DejaVu fonts, twice its size; `dark` shows it on dark paper. */
export function renderPng(svg: string, dark = false): Uint8Array {
  const fonts = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(fonts, name));
  const shown = dark
    ? svg
        .replaceAll(`fill:${lightPaper}`, `fill:${darkPaper}`)
        .replaceAll(`class="paper" width`, `class="page" width`)
        .replace(`fill="${lightPaper}"`, `fill="${darkPaper}"`)
        .replaceAll(`color:${lightInk}`, `color:${darkInk}`)
        .replace(`color="${lightInk}"`, `color="${darkInk}"`)
    : svg;
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  return new Resvg(shown, { font, fitTo: { mode: "zoom", value: 2 } }).render().asPng();
}

const [input, output, mode] = process.argv.slice(2);
if (input !== undefined && output !== undefined) {
  writeFileSync(output, renderPng(readFileSync(input, "utf8"), mode === "dark"));
}
