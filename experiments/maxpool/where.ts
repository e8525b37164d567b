/** E2: where in an image do pool windows tie? */
import { tiedPlaces } from "../../src/analysis/kinks/dots.ts";
import { tiesOf } from "../../src/analysis/kinks/ties.ts";
import { formatNamed } from "../../src/formats/named.ts";
import { rounder } from "../../src/formats/round.ts";
import {
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
  type TrialContext,
} from "../../src/lab/experiment.ts";
import type { FigureSpec } from "../../src/lab/figure.ts";
import { imagePanel, type PixelDot } from "../../src/lab/panels.ts";
import { windowsOf } from "../../src/ops/window.ts";

export interface WhereTrial {
  readonly data: string;
  readonly format: string;
  /** The image, in file order. */
  readonly image: number;
  readonly window: number;
  readonly stride: number;
}

export interface WhereRecord {
  readonly windows: number;
  /** Windows with more than one maximum, and those of them whose maximum is 0, saturated, or another value. */
  readonly ties: number;
  readonly atZero: number;
  readonly saturated: number;
  readonly other: number;
  /** Share of the pixels of value 0, of the saturated ones, and of the others that tie. */
  readonly blackTied: number;
  readonly whiteTied: number;
  readonly greyTied: number;
  readonly height: number;
  readonly width: number;
  /** [channels, height, width] */
  readonly pixels: readonly number[];
  /** Row and column of every tied pixel, one pair after another; first those tied for 0. */
  readonly tied: readonly number[];
  readonly tiedAtZero: number;
}

type Stored = StoredRow<WhereTrial, WhereRecord>;

/** Strokes of MNIST saturate at 253 to 255. */
const saturation = 253;

/** ReLU is the identity on pixels in [0, 1]. */
function trial({ data, format, image, window, stride }: WhereTrial, context: TrialContext): readonly WhereRecord[] {
  const { images, channels, height, width } = context.data(data);
  const size = channels * height * width;
  const pixels = images.slice(image * size, (image + 1) * size);
  const round = rounder(formatNamed(format));
  const values = Float64Array.from(pixels, (pixel) => round(Math.fround(pixel / 255)));
  const shape = [1, channels, height, width];
  const windows = windowsOf("maxPool2d", shape, { window, stride, padding: 0 });
  const ties = [...tiesOf({ data: values, shape }, windows)];
  const places = tiedPlaces(ties, channels, [height, width], [height, width]);
  const zero = places.filter(({ atZero }) => atZero > 0);
  const rest = places.filter(({ atZero, other }) => atZero === 0 && other > 0);
  const tiedPixels = new Set(
    ties.flatMap(({ channel, entries }) => entries.map(([row, column]) => (channel * height + row) * width + column)),
  );
  const share = (among: (pixel: number) => boolean): number => {
    const all = [...pixels.keys()].filter((i) => among(pixels[i]));
    return all.length === 0 ? 0 : all.filter((i) => tiedPixels.has(i)).length / all.length;
  };
  const atZero = ties.filter(({ value }) => value === 0).length;
  const saturated = ties.filter(({ value }) => value >= round(Math.fround(saturation / 255))).length;
  return [
    {
      windows: channels * windows.count[0] * windows.count[1],
      ties: ties.length,
      atZero,
      saturated,
      other: ties.length - atZero - saturated,
      blackTied: share((pixel) => pixel === 0),
      whiteTied: share((pixel) => pixel >= saturation),
      greyTied: share((pixel) => pixel > 0 && pixel < saturation),
      height,
      width,
      pixels: [...pixels],
      tied: [...zero, ...rest].flatMap(({ row, column }) => [row, column]),
      tiedAtZero: zero.length,
    },
  ];
}

const formats = ["float32", "float16", "bfloat16", "float8_e4m3", "float8_e5m2"];

function grid(scale: Scale): Partial<WhereTrial>[] {
  const first = { format: "float32", window: 2, stride: 2 };
  if (scale === "quick") return [first];
  return [...formats.map((format) => ({ ...first, format })), { ...first, window: 3 }];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function panel(row: Stored) {
  const dots = Array.from({ length: row.tied.length / 2 }, (_, i): PixelDot => {
    const series = i < row.tiedAtZero ? "tied for 0" : "tied for another value";
    return { series, row: row.tied[2 * i], column: row.tied[2 * i + 1], size: 1 };
  });
  const title = `${row.format}, ${row.window} x ${row.window} / ${row.stride}: ${row.ties} of ${row.windows}`;
  return imagePanel({ title, height: row.height, width: row.width, pixels: row.pixels, dots });
}

function figure(rows: readonly Stored[]): FigureSpec {
  const text = rows.map(
    (row) =>
      `${row.format} ${row.window}/${row.stride}: ${percent(row.blackTied)} of the black, ${percent(row.whiteTied)} of the saturated, ${percent(row.greyTied)} of the grey pixels.`,
  );
  return {
    title: `Pixels that tie for the maximum of their window: ${rows[0].data}, image ${rows[0].image}`,
    caption: `pixel / 255, ReLU, pool; a dot is a pixel that is a maximum of a window with more than one; titles: format, window / stride, windows that tie. Pixels that tie: ${text.join(" ")} Published: nearly the whole background, and saturated stroke pixels.`,
    panels: rows.map(panel),
    columns: Math.min(3, rows.length),
  };
}

export const where: Experiment<WhereTrial, WhereRecord> = experiment({
  id: "maxpool/where",
  paper: "maxpool",
  source: "E2; introduction",
  title: "Where pool windows tie",
  parameters: {
    data: { type: "string", default: "mnist", doc: "data set" },
    format: { type: "string", default: "float32", doc: "number format of the pixels" },
    image: { type: "integer", default: 0, doc: "number of the image in file order", minimum: 0 },
    window: { type: "integer", default: 2, doc: "side of the windows", minimum: 1 },
    stride: { type: "integer", default: 2, doc: "from window to window", minimum: 1 },
  },
  data: ({ data }) => [{ name: data, split: "train" }],
  grid,
  trial,
  figure,
  claims: [],
});
