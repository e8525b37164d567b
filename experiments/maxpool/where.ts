/** E2: where in an image do pool windows tie? */
import { tiedPlaces } from "../../src/analysis/kinks/dots.ts";
import { type Tie, tiesOf } from "../../src/analysis/kinks/ties.ts";
import { UsageError } from "../../src/base/errors.ts";
import { formatNamed } from "../../src/formats/named.ts";
import { rounder } from "../../src/formats/round.ts";
import {
  type Experiment,
  experiment,
  type Scale,
  type StoredRow,
  type TrialContext,
} from "../../src/lab/experiment.ts";
import type { FigureSpec, Panel } from "../../src/lab/figure.ts";
import { imagePanel, type PixelDot } from "../../src/lab/panels.ts";
import { windowsOf } from "../../src/ops/window.ts";

export interface WhereTrial {
  readonly data: string;
  readonly format: string;
  /** The image, in file order. */
  readonly image: number;
  /** Images from there on that are counted; the picture is the first one's. */
  readonly count: number;
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
  /** Images with a tie for 0, and with one for another value. */
  readonly imagesAtZero: number;
  readonly imagesOther: number;
  /** Which copy of the data. */
  readonly copy: string;
  /** Share of the pixels of value 0, of the saturated ones, and of the others that tie. */
  readonly blackTied: number;
  readonly whiteTied: number;
  readonly greyTied: number;
  readonly height: number;
  readonly width: number;
  /** Of the first image: [channels, height, width] */
  readonly pixels: readonly number[];
  /** Of the first image: row and column of every tied pixel, one pair after another; first those tied for 0. */
  readonly tied: readonly number[];
  readonly tiedAtZero: number;
}

type Stored = StoredRow<WhereTrial, WhereRecord>;

/** Strokes of MNIST saturate at 253 to 255. */
const saturation = 253;

/** ReLU is the identity on pixels in [0, 1]. */
function trial(
  { data, format, image, count, window, stride }: WhereTrial,
  context: TrialContext,
): readonly WhereRecord[] {
  const set = context.data(data, "train");
  const { images, channels, height, width } = set;
  if (image + count > set.count) {
    throw new UsageError(
      `image ${image}, count ${count}: found ${set.count} images in ${data}, expected ${image + count}`,
    );
  }
  const size = channels * height * width;
  const pixels = images.subarray(image * size, (image + count) * size);
  const round = rounder(formatNamed(format));
  const rounded = Float64Array.from({ length: 256 }, (_, pixel) => round(Math.fround(pixel / 255)));
  const values = Float64Array.from(pixels, (pixel) => rounded[pixel]);
  const shape = [count, channels, height, width];
  const windows = windowsOf("maxPool2d", shape, { window, stride, padding: 0 });
  const first: Tie[] = [];
  const tied = new Uint8Array(pixels.length);
  const withZero = new Set<number>();
  const withOther = new Set<number>();
  let [ties, atZero, saturated] = [0, 0, 0];
  for (const tie of tiesOf({ data: values, shape }, windows)) {
    ties++;
    if (tie.value === 0) atZero++;
    else if (tie.value >= rounded[saturation]) saturated++;
    (tie.value === 0 ? withZero : withOther).add(tie.image);
    if (tie.image === 0) first.push(tie);
    const base = (tie.image * channels + tie.channel) * height * width;
    for (const [row, column] of tie.entries) tied[base + row * width + column] = 1;
  }
  const places = tiedPlaces(first, channels, [height, width], [height, width]);
  const zero = places.filter((place) => place.atZero > 0);
  const rest = places.filter((place) => place.atZero === 0 && place.other > 0);
  const share = (among: (pixel: number) => boolean): number => {
    let [all, on] = [0, 0];
    for (let i = 0; i < pixels.length; i++) {
      if (!among(pixels[i])) continue;
      all++;
      on += tied[i];
    }
    return all === 0 ? 0 : on / all;
  };
  return [
    {
      windows: count * channels * windows.count[0] * windows.count[1],
      ties,
      atZero,
      saturated,
      other: ties - atZero - saturated,
      imagesAtZero: withZero.size,
      imagesOther: withOther.size,
      copy: set.variant,
      blackTied: share((pixel) => pixel === 0),
      whiteTied: share((pixel) => pixel >= saturation),
      greyTied: share((pixel) => pixel > 0 && pixel < saturation),
      height,
      width,
      pixels: [...pixels.subarray(0, size)],
      tied: [...zero, ...rest].flatMap(({ row, column }) => [row, column]),
      tiedAtZero: zero.length,
    },
  ];
}

const formats = ["float32", "float16", "bfloat16", "float8_e4m3", "float8_e5m2"];

/** Images that are counted beside the published one. */
const many: Readonly<Record<Scale, number>> = { quick: 10, minimal: 10_000, paper: 50_000 };

function grid(scale: Scale): Partial<WhereTrial>[] {
  const first = { format: "float32", window: 2, stride: 2, count: 1 };
  const all = { ...first, count: many[scale] };
  if (scale === "quick") return [first, all];
  return [
    ...formats.map((format) => ({ ...first, format })),
    { ...first, window: 3 },
    ...formats.map((format) => ({ ...all, format })),
    { ...all, window: 3 },
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function panel(row: Stored): Panel {
  const dots = Array.from({ length: row.tied.length / 2 }, (_, i): PixelDot => {
    const series = i < row.tiedAtZero ? "tied for 0" : "tied for another value";
    return { series, row: row.tied[2 * i], column: row.tied[2 * i + 1], size: 1 };
  });
  const title = `${row.data}, ${row.format}, ${row.window}/${row.stride}: ${row.ties} of ${row.windows}`;
  return imagePanel({ title, height: row.height, width: row.width, pixels: row.pixels, dots });
}

/** Shares of windows that tie for 0, for a saturated value and for another one. */
function shares({ format, window, stride, windows, atZero, saturated, other }: Stored): string {
  const [zero, white, rest] = [atZero, saturated, other].map((ties) => percent(ties / windows));
  return `${format} ${window}/${stride}: ${zero}, ${white}, ${rest}`;
}

/** What is counted of one data set: its picture, then many images. */
function about(rows: readonly Stored[]): string {
  const [first] = rows;
  const several = rows.filter(({ count }) => count > 1);
  const picture = `${first.data} (${first.copy}), ${first.format}, image ${first.image}: ${percent(first.blackTied)} of the black, ${percent(first.whiteTied)} of the saturated, ${percent(first.greyTied)} of the other pixels tie.`;
  if (several.length === 0) return picture;
  return `${picture} Its first ${several[0].count} images, windows that tie for 0, for a saturated value (${saturation} and above), for another one: ${several.map(shares).join("; ")}.`;
}

function figure(rows: readonly Stored[]): FigureSpec {
  const sets = [...new Set(rows.map(({ data }) => data))].map((name) => rows.filter(({ data }) => data === name));
  const pictures = sets.flatMap((set) => {
    const singles = set.filter(({ count }) => count === 1);
    return singles.length === 0 ? set.slice(0, 1) : singles;
  });
  return {
    title: "Pixels that tie for the maximum of their pool window",
    caption:
      `pixel / 255, ReLU, pool; a dot is a pixel that is a maximum of a window with more than one, in some channel; titles: format, window / stride, windows that tie. ` +
      `Published (MNIST): nearly the whole background, and saturated stroke pixels. ${sets.map(about).join(" ")}`,
    panels: pictures.map(panel),
    columns: Math.min(3, pictures.length),
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
    count: { type: "integer", default: 1, doc: "images counted, from there on", minimum: 1 },
    window: { type: "integer", default: 2, doc: "side of the windows", minimum: 1 },
    stride: { type: "integer", default: 2, doc: "from window to window", minimum: 1 },
  },
  data: ({ data }) => [{ name: data, split: "train" }],
  cost: ({ count }) => 10 + count,
  grid,
  trial,
  figure,
  claims: [],
});
