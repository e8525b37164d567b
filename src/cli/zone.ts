/** `nonsmooth zone`: how often, and by how much, gradients of random networks depend on the choice at a kink. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { measureZones, publishedShare, zoneFigure } from "../../experiments/zone.ts";
import { type ZoneDefaults, zoneDefaults } from "../../experiments/zone-defaults.ts";
import type { ZoneParameters } from "../analysis/zone/parameters.ts";
import type { ZoneRow } from "../analysis/zone/rows.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { formatNamed } from "../formats/index.ts";
import { readData } from "../lab/execute.ts";
import { drawFigure } from "../lab/figure.ts";
import { type Progress, progress } from "../lab/progress.ts";
import { command, interruptible } from "./command.ts";
import { blockLength, collect, type PrecisionOptions, withPrecision } from "./options.ts";
import { percent, print, printJson, table } from "./output.ts";
import { integer, list, number, word } from "./text.ts";

interface Options extends PrecisionOptions {
  readonly model?: string;
  readonly data?: string;
  readonly dataDir?: string;
  readonly inits: string;
  readonly samples: string;
  readonly batch?: string;
  readonly formats: string;
  readonly kink?: readonly string[];
  readonly tau?: string;
  readonly noise: string;
  readonly exact?: string;
  readonly replay?: string;
  readonly variant: string;
  readonly init?: string;
  readonly normalisation?: string;
  readonly augmentation?: string;
  readonly shuffle?: boolean;
  readonly skipBad?: boolean;
  readonly lossScale: string;
  readonly all?: boolean;
  readonly seed: string;
  readonly workers?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function zoneCommand(): Command {
  const zone = command(
    "zone",
    "the share of random networks whose gradient depends on the choice at a kink",
    "nonsmooth zone",
    "nonsmooth zone --kink maxpool.tie=native,minimal --model vgg11 --data cifar10 --data-dir DIR --formats float32 --inits 1",
    "nonsmooth zone --model 784-64x3-10 --formats float16,float8_e5m2 --loss-scale 2^10 --all --json",
  )
    .option(
      "--model <name>",
      "lenet, vgg11[-bn], resnet18, ... or layer sizes (default: 784-256x3-10; of pools: lenet)",
    )
    .option("--data <name>", "data set (default: what the papers have for the network)")
    .option("--data-dir <folder>", "read the data set from here")
    .option("--inits <n>", "random networks per format", "20")
    .option("--samples <n>", "first samples of the training set, or all", "all")
    .option("--batch <n>", "mini-batch size (default: the paper's: 256 for perceptrons, else 128)")
    .option("--normalisation <name>", "how pixels become inputs (default: the paper's)")
    .option("--augmentation <name>", "none, crop-flip or resized-crop-flip (default: none)")
    .option("--shuffle", "another order of the images for every network, instead of file order")
    .option("--skip-bad", "leave out damaged images instead of refusing the data set; rows carry their number")
    .option("--formats <list>", "number formats", "float16,float32,float64")
    .option("--kink <kink=a,b>", "a kink and the choices to compare (repeatable; default: relu.zero=0,1)", collect)
    .addOption(new Option("--variant <name>", "product | overwrite: the backward pass that decides").default("product"))
    .option("--init <law>", "law of the initial weights (default: the paper's: default; of pools: maxpool)")
    .option("--loss-scale <2^k>", "power of two that multiplies the loss", "1")
    .option(
      "--tau <x>",
      "threshold of ties, L-infinity sum: a number, or estimate (default: the paper's for the format)",
    )
    .option("--noise <n>", "mini-batches per network whose noise is measured, the samples in another order", "0")
    .option("--exact <n>", "differing mini-batches per network that the exact judge looks at (default: all)")
    .option("--replay <n>", "mini-batches per network whose forward is repeated in float64 (default: all)")
    .option("--all", "scan all mini-batches instead of stopping at the first hit")
    .option("--seed <n>", "seed of the weights", "0")
    .option("--workers <n>", "worker threads (default: one per core); 0 measures in this one")
    .option("--out <file>", "the picture", "out/zone.svg");
  return withPrecision(zone).action(run);
}

async function run(options: Options): Promise<void> {
  const inits = integer(options.inits, "--inits", 1);
  const workers = options.workers === undefined ? availableParallelism() : integer(options.workers, "--workers", 0);
  const kinks = options.kink ?? ["relu.zero=0,1"];
  const defaults = zoneDefaults(kinks, options.model, options.data);
  if (options.json !== true) checkOutput(options.out);
  let line: Progress | undefined;
  try {
    const rows = await measureZones({
      cells: cellsOf(options, defaults),
      data: defaults.data,
      dataDir: options.dataDir,
      skipBad: options.skipBad,
      inits,
      workers,
      backend: options.backend ?? "auto",
      signal: interruptible(),
      progress: (done, total) => {
        line ??= progress({ title: "zone", total });
        line.update(done);
      },
    });
    line?.end();
    if (options.json === true) printJson({ rows });
    else {
      writeOutput(options.out, drawFigure(zoneFigure(rows, defaults.data)));
      print(`${show(rows)}\n\npicture: ${options.out}`);
    }
  } finally {
    line?.end();
  }
}

/** One cell per format. */
function cellsOf(options: Options, defaults: ZoneDefaults): ZoneParameters[] {
  const { operands, accumulate, arithmetic, bias, rounding, flush, augmentation, shuffle } = options;
  const common = {
    ...{ operands, accumulate, arithmetic, bias, rounding, flush, augmentation, shuffle },
    model: defaults.model,
    init: options.init ?? defaults.init,
    normalisation: options.normalisation ?? defaults.normalisation,
    block: options.block === undefined ? undefined : blockLength(options.block),
    samples: samplesOf(options, defaults.data),
    batch: options.batch === undefined ? defaults.batch : integer(options.batch, "--batch", 1),
    kinks: options.kink ?? ["relu.zero=0,1"],
    variant: word(options.variant, "variant", ["product", "overwrite"]),
    lossScale: scaleOf(options.lossScale),
    all: options.all === true,
    tau: tauOf(options.tau),
    noise: integer(options.noise, "--noise", 0),
    exact: options.exact === undefined ? undefined : integer(options.exact, "--exact", 0),
    replay: options.replay === undefined ? undefined : integer(options.replay, "--replay", 0),
    seed: integer(options.seed, "--seed", 0),
  };
  const formats = options.format === undefined ? list(options.formats, "--formats") : [options.format];
  return formats.map((format) => ({ ...common, format: formatNamed(format).name }));
}

function samplesOf({ samples, dataDir, skipBad }: Options, data: string): number {
  if (samples !== "all") return integer(samples, "--samples", 1);
  return readData(data, undefined, { dataDir, skipBad }).count;
}

/** The threshold: of the paper where the format has one, estimated, or a number. */
function tauOf(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  return text === "estimate" ? null : number(text, "--tau");
}

/** `2^10` or `1024`. */
function scaleOf(text: string): number {
  const power = /^2\^([+-]?\d+)$/.exec(text.trim());
  return power === null ? number(text, "--loss-scale") : 2 ** Number(power[1]);
}

const short = (value: number): string => (value === 0 ? "0" : value.toPrecision(2));

function show(rows: readonly ZoneRow[]): string {
  const headers = [
    "format",
    "networks hit",
    "share",
    "95 % interval",
    "published",
    "mini-batches hit",
    "on the kink, per layer",
  ];
  const body = rows.map((row) => [
    row.format,
    `${row.hit} of ${row.inits}`,
    row.share === null ? "undecided" : percent(row.share),
    row.low === null || row.high === null ? "" : `${percent(row.low)} .. ${percent(row.high)}`,
    publishedText(row),
    `${row.batchesHit} of ${row.batches}`,
    row.layers
      .filter(({ compared }) => compared)
      .map(({ on }) => short(on))
      .join(" "),
    row.relativeChange.median === null ? "" : percent(row.relativeChange.median, 2),
    row.seconds.toFixed(1),
  ]);
  return table([...headers, "median change", "seconds"], body);
}

function publishedText(row: ZoneRow): string {
  const share = publishedShare(row);
  return share === null ? "" : percent(share);
}
