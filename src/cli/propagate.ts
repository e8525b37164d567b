/** `nonsmooth propagate`: how gradients grow through a deep network at initialization, block by block, beside theory. */
import { type Command, Option } from "commander";
import { propagationFigure } from "../../experiments/bn-relu/propagation-figure.ts";
import { type InputSpec, inputNamed } from "../analysis/propagation/inputs.ts";
import { orders, residuals } from "../analysis/propagation/network.ts";
import { measurePropagation, type PropagationReport, type PropagationRequest } from "../analysis/propagation/report.ts";
import type { LayerRow } from "../analysis/propagation/rows.ts";
import { topGradientNamed } from "../analysis/propagation/top.ts";
import { activationNamed } from "../analysis/spectra/activations.ts";
import { UsageError } from "../base/errors.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { readData } from "../lab/execute.ts";
import { drawFigure } from "../lab/figure.ts";
import { type Progress, progress } from "../lab/progress.ts";
import { batchNormForms, normNamed } from "../nn/norms.ts";
import { kinkChoices } from "./choices.ts";
import { command, interruptible } from "./command.ts";
import { collect, type PrecisionOptions, precisionOf, withPrecision } from "./options.ts";
import { type Cell, note, print, printJson, table } from "./output.ts";
import { integer, number, word } from "./text.ts";

interface Options extends PrecisionOptions {
  readonly model: string;
  readonly depth: string;
  readonly width: string;
  readonly batch: string;
  readonly activation: string;
  readonly norm: string;
  readonly order: string;
  readonly residual: string;
  readonly input: string;
  readonly top: string;
  readonly padding: string;
  readonly dataDir?: string;
  readonly bnForm: string;
  readonly eps: string;
  readonly gain: string;
  readonly shift: string;
  readonly mode: string;
  readonly set: readonly string[];
  readonly seed: string;
  readonly seeds: string;
  readonly out: string;
  readonly json?: boolean;
}

export function propagateCommand(): Command {
  const propagate = command(
    "propagate",
    "how gradients grow through a deep network at initialization, block by block, beside theory",
    "nonsmooth propagate --depth 50 --width 256 --batch 256",
    "nonsmooth propagate --model resnet18 --input cifar10 --data-dir DIR --batch 64 --json",
    "nonsmooth propagate --norm layer --order act-norm --activation gelu --seeds 3",
  )
    .option("--model <name>", "mlp, conv, or an architecture: vgg16, resnet18, ...", "mlp")
    .option("--depth <blocks>", "blocks of mlp and conv", "30")
    .option("--width <units>", "units, or channels", "256")
    .option("--batch <n>", "samples", "256")
    .option("--activation <name>", "relu, leakyRelu:0.2, gelu, tanh, ...", "relu")
    .option(
      "--norm <name>",
      "batch | batch:frozen (statistics are constants) | ghost:B | layer | group:G | rms | none",
      "batch",
    )
    .addOption(new Option("--order <name>", orders.join(" | ")).default("norm-act"))
    .addOption(new Option("--residual <name>", residuals.join(" | ")).default("none"))
    .option(
      "--input <name>",
      "gaussian | uniform:R | clusters:K:R | lowrank:K | smooth:P | mnist | cifar10",
      "gaussian",
    )
    .option("--top <gradient>", "what enters at the top: random | clusters:K | loss (of an architecture)", "random")
    .option("--padding <name>", "of conv: circular | zero", "circular")
    .option("--data-dir <folder>", "read the data set from here")
    .addOption(
      new Option("--bn-form <name>", `arithmetic of batch norm: ${batchNormForms.join(" | ")}`).default("library"),
    )
    .option("--eps <x>", "added to the variance in norms", "0")
    .option("--gain <gamma>", "gamma of all norms", "1")
    .option("--shift <beta>", "beta of all norms", "0")
    .option("--mode <name>", "train: statistics of the batch (eval has no such rates)", "train")
    .option("--set <kink=choice>", "the derivative at a kink, such as relu.zero=1", collect, [])
    .option("--seed <n>", "seed of the first network", "0")
    .option("--seeds <k>", "random networks", "1")
    .option("--out <file>", "the picture", "out/propagate.svg");
  return withPrecision(propagate, "float64").action(run);
}

function requestOf(options: Options, inputs: InputSpec): PropagationRequest {
  if (word(options.mode, "mode", ["train", "eval"]) === "eval") {
    throw new UsageError(
      "--mode eval: with running statistics a norm is a fixed scale, its backward has no projection; rates are of --mode train",
    );
  }
  const eps = number(options.eps, "--eps");
  if (!(eps >= 0)) throw new UsageError(`--eps: found ${options.eps}, expected a number of at least 0`);
  const gamma = number(options.gain, "--gain");
  const beta = number(options.shift, "--shift");
  if (!Number.isFinite(gamma) || gamma === 0)
    throw new UsageError(`--gain: found ${options.gain}, expected a finite number other than 0`);
  if (!Number.isFinite(beta)) throw new UsageError(`--shift: found ${options.shift}, expected a finite number`);
  const norm = normNamed(options.norm, { eps, form: word(options.bnForm, "form of batch norm", batchNormForms) });
  return {
    model: options.model,
    depth: integer(options.depth, "--depth", 1),
    width: integer(options.width, "--width", 1),
    batch: integer(options.batch, "--batch", 1),
    activation: activationNamed(options.activation).name,
    ...(norm === undefined ? {} : { norm }),
    order: word(options.order, "order", orders),
    residual: word(options.residual, "residual", residuals),
    padding: word(options.padding, "padding", ["circular", "zero"]),
    ...{ inputs, gamma, beta, topGradient: topGradientNamed(options.top) },
    ...(inputs.kind === "data" ? { images: readData(inputs.name, undefined, { dataDir: options.dataDir }) } : {}),
    precision: precisionOf(options, options.format ?? "float64"),
    backend: options.backend ?? "auto",
    ...(options.set.length === 0 ? {} : { convention: kinkChoices(options.set) }),
    seed: integer(options.seed, "--seed", 0),
    seeds: integer(options.seeds, "--seeds", 1),
  };
}

async function run(options: Options): Promise<void> {
  const request = requestOf(options, inputNamed(options.input));
  if (options.json !== true) checkOutput(options.out);
  let line: Progress | undefined;
  try {
    const report = measurePropagation({
      ...request,
      signal: interruptible(),
      progress: (done) => {
        line ??= progress({ title: "propagate", total: request.seeds });
        line.update(done);
      },
    });
    line?.end();
    for (const warning of report.warnings) note(`warning: ${warning}`);
    const { layers, rate, theory, warnings } = report;
    if (options.json === true) printJson({ layers, rate, theory, warnings });
    else {
      writeOutput(options.out, drawFigure(propagationFigure(report, nameOf(options))));
      print(`${show(report)}\n\npicture: ${options.out}`);
    }
  } finally {
    line?.end();
  }
}

function nameOf({ model, depth, width, batch, activation, norm, order, residual, input, format }: Options): string {
  const size = model === "mlp" || model === "conv" ? ` ${depth} x ${width}` : "";
  const how = [
    activation,
    norm === "none" ? "no norm" : `${norm} norm`,
    order,
    ...(residual === "none" ? [] : [`residual ${residual}`]),
  ];
  return `${model}${size}, batch ${batch}, ${how.join(", ")}, ${input} inputs, ${format}`;
}

const short = (value: number | null, digits = 4): Cell =>
  value === null ? "" : Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);

const shownRows = 24;

/** All rows of short networks; of deep ones the first, the last and some between. */
function thinned(layers: readonly LayerRow[]): readonly LayerRow[] {
  if (layers.length <= shownRows) return layers;
  const step = Math.ceil(layers.length / shownRows);
  return layers.filter(({ index }) => index < 3 || index >= layers.length - 3 || index % step === 0);
}

function show({ layers, rate, theory, runs }: PropagationReport): string {
  const headers = [
    "block",
    "layer",
    "|g|",
    "|dH|",
    "|G|",
    "|G|/|W|",
    "growth^2",
    "M",
    "Pi",
    "S",
    "T",
    "A",
    "cosine",
    "PR",
    "zeros",
  ];
  const rows = thinned(layers).map((row) => [
    row.index,
    row.name,
    ...[row.gradient, row.signal, row.weightGradient, row.ratio, row.growth, row.mask, row.projection, row.gain].map(
      (x) => short(x),
    ),
    ...[row.transport, row.alignment, row.cosine, row.participation, row.zeros].map((x) => short(x, 3)),
  ]);
  const windows = (["first", "middle", "last", "weights"] as const).map((name) => {
    const sd = rate.sd?.[name];
    return `${name} ${short(rate[name], 5)}${sd === undefined || sd === null ? "" : ` (${short(sd, 2)})`}`;
  });
  const law = theory.rate === null ? theory.source : `${short(theory.rate, 6)}: ${theory.source}`;
  const networks = `${runs.length} ${runs.length === 1 ? "network" : "networks"}`;
  return `${table(headers, rows)}\n\nrate per block, ${networks}: ${windows.join(", ")}\ntheory: ${law}`;
}
