/** `nonsmooth kinks MODEL`: what lies on each kink of a network, which of it reaches a parameter, and a picture of the ties. */
import type { Command } from "commander";
import { zoneDefaults } from "../../experiments/zone-defaults.ts";
import { tiedPlaces } from "../analysis/kinks/dots.ts";
import { KinkReport, type KinkRow } from "../analysis/kinks/report.ts";
import { checkInput } from "../analysis/zone/cell.ts";
import { modelNamed } from "../analysis/zone/model.ts";
import { sampleOf } from "../analysis/zone/parameters.ts";
import { UsageError, unknown } from "../base/errors.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { firstImages, type Images, imageSize, inMemory, loadImages } from "../data/index.ts";
import { formatNamed } from "../formats/index.ts";
import { drawFigure, type FigureSpec } from "../lab/figure.ts";
import { imagePanel, type PixelDot } from "../lab/image-panel.ts";
import { progress } from "../lab/progress.ts";
import { command } from "./command.ts";
import { type PrecisionOptions, precisionOf, withPrecision } from "./options.ts";
import { print, printJson, table } from "./output.ts";
import { integer } from "./text.ts";

interface Options extends PrecisionOptions {
  readonly data?: string;
  readonly dataDir?: string;
  readonly samples: string;
  readonly init: string;
  readonly normalisation?: string;
  readonly pool?: string;
  readonly skipBad?: boolean;
  readonly seed: string;
  readonly out?: string;
  readonly json?: boolean;
}

export function kinksCommand(): Command {
  const kinks = command(
    "kinks",
    "what lies on each kink of a random network on one mini-batch, and which of it reaches a parameter",
    "nonsmooth kinks 784-256x3-10 --data mnist --format float16",
    "nonsmooth kinks lenet --data mnist --out out/ties.svg",
  )
    .argument("<model>", "the network")
    .option("--data <name>", "data set (default: what the papers have for the network)")
    .option("--data-dir <folder>", "read the data set from here")
    .option("--samples <n>", "images of the mini-batch, in file order", "128")
    .option("--init <law>", "law of the initial weights", "default")
    .option("--normalisation <name>", "how pixels become inputs (default: as the data set's papers do)")
    .option("--pool <layer>", "the pool whose ties the picture shows (default: the first)")
    .option("--skip-bad", "leave out damaged images instead of refusing the data set")
    .option("--seed <n>", "seed of the weights", "0")
    .option("--out <file.svg>", "the picture: the first image, its tied places dotted");
  return withPrecision(kinks, "float32").action(run);
}

async function run(model: string, options: Options): Promise<void> {
  const format = formatNamed(options.format ?? "float32").name;
  const precision = precisionOf(options, format);
  const samples = integer(options.samples, "--samples", 1);
  const seed = integer(options.seed, "--seed", 0);
  if (options.out !== undefined) checkOutput(options.out);
  const images = load(options, model);
  const network = modelNamed(model, sampleOf(images));
  checkInput(network, [images.channels, images.height, images.width], images.classes);
  const loader = options.normalisation === undefined ? {} : { normalisation: options.normalisation };
  const settings = { precision, batch: samples, init: options.init, seed, loader, backend: options.backend ?? "auto" };
  const report = new KinkReport(network, images, settings);
  try {
    if (options.out !== undefined) writeOutput(options.out, drawFigure(picture(report, images, model, options)));
    const rows = collect(report);
    const { name: data, variant, skipped } = images;
    if (options.json === true) {
      printJson({
        model,
        data,
        variant,
        skipped: skipped.length,
        format,
        samples,
        seed,
        rows,
        picture: options.out ?? null,
      });
    } else print([show(rows), ...(options.out === undefined ? [] : [`picture: ${options.out}`])].join("\n\n"));
  } finally {
    report.dispose();
  }
}

function load({ data, dataDir, skipBad }: Options, model: string): Images {
  return loadImages(data ?? zoneDefaults([], model).data, { dataDir, skipBad });
}

/** Each row takes a backward pass and, where gradients differ, the exact judge. */
function collect(report: KinkReport): KinkRow[] {
  const total = report.layers.length;
  const line = progress({ title: "kinks", total });
  const rows: KinkRow[] = [];
  for (const row of report.rows()) {
    rows.push(row);
    line.update(rows.length);
  }
  line.end();
  return rows;
}

/** The first image's pixels as bytes, planes of channels. */
function bytesOf(images: Images): ArrayLike<number> {
  if (!("floats" in images)) return inMemory(firstImages(images, 1)).images;
  const first = images.floats.subarray(0, imageSize(images));
  return Uint8Array.from(first, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
}

function picture(report: KinkReport, images: Images, model: string, options: Options): FigureSpec {
  const layer = options.pool ?? report.pools[0];
  if (layer === undefined)
    throw new UsageError(`--out: network ${model} has no pool, so there is no picture of its ties`);
  if (!report.pools.includes(layer)) throw unknown("pool", layer, report.pools);
  const { ties, channels, height, width } = report.tiesOf(layer);
  const places = tiedPlaces(ties, channels, [images.height, images.width], [height, width]);
  const dots = places.flatMap(({ row, column, atZero, other }): PixelDot[] => [
    ...(atZero > 0 ? [{ series: "tied for 0", row, column, size: atZero }] : []),
    ...(other > 0 ? [{ series: "tied for another value", row, column, size: other }] : []),
  ]);
  return {
    title: `Ties of ${layer} in ${model}, first image of ${images.name}`,
    caption: `${ties.length} tied windows in ${channels} channels of ${height} x ${width}. A dot's area is the share of channels in which the place is tied for the maximum of its window.`,
    panels: [imagePanel({ height: images.height, width: images.width, pixels: bytesOf(images), dots })],
    width: 460,
  };
}

function show(rows: readonly KinkRow[]): string {
  const headers = ["layer", "kink", "elements", "on", "at 0", "positive", "same field", "same patch", "different"];
  const body = rows.map(({ layer, kink, elements, on, ties, choice, other, reaches, d, verdict }) => [
    layer,
    kink,
    elements,
    on,
    ...(ties === null
      ? ["", "", "", "", ""]
      : [ties.atZero, ties.positive, ties.sameField, ties.samePatch, ties.different]),
    `${choice} / ${other}`,
    reaches.length === 0 ? "nothing" : reaches.length > 3 ? `${reaches.length} parameters` : reaches.join(" "),
    d.l2 === null || d.l2 === 0 ? "" : d.l2.toExponential(1),
    verdict,
  ]);
  return table([...headers, "choices", "reaches", "change", "verdict"], body);
}
