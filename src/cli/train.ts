/** `nonsmooth train`: trains a network under a learning-rate rule; the same command continues an interrupted run. */
import { type Command, Option } from "commander";
import type { TrainingRow } from "../analysis/training/record.ts";
import type { TrainingSettings } from "../analysis/training/settings.ts";
import { UsageError } from "../base/errors.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { dataSetNamed } from "../data/data-sets.ts";
import type { Images, Split } from "../data/image-set.ts";
import type { PrecisionSpec } from "../formats/precision.ts";
import { readData } from "../lab/execute.ts";
import { drawFigure } from "../lab/figure.ts";
import { rules } from "../nn/optimizers/index.ts";
import { factors } from "../nn/schedules.ts";
import { command, interruptible } from "./command.ts";
import { blockLength, collect, type PrecisionOptions, withPrecision } from "./options.ts";
import { exitCodes, note, percent, print, printJson, table } from "./output.ts";
import { integer, number, word } from "./text.ts";
import { compareCommand } from "./train-compare.ts";
import { trainingFigure } from "./training-figure.ts";
import { runTraining, type TrainingResult } from "./training-run.ts";

interface Options extends PrecisionOptions {
  readonly model: string;
  readonly data?: string;
  readonly dataDir?: string;
  readonly skipBad?: boolean;
  readonly optimizer: string;
  readonly momentum?: string;
  readonly weightDecay?: string;
  readonly ghost?: string;
  readonly schedule: string;
  readonly lr: string;
  readonly batch: string;
  readonly steps?: string;
  readonly epochs?: string;
  readonly init: string;
  readonly convention: string;
  readonly set: readonly string[];
  readonly normalisation?: string;
  readonly augmentation: string;
  readonly samples: string;
  readonly validation: string;
  readonly scaled: string;
  readonly decayed: string;
  readonly trace?: string;
  readonly lossScale?: string;
  readonly masterWeights?: boolean;
  readonly every?: string;
  readonly evaluate?: string;
  readonly seed: string;
  readonly store: string;
  readonly out: string;
  readonly json?: boolean;
}

const ruleHelp = (): string =>
  ["", "Optimizers:", ...rules.map(({ name, doc }) => `  ${name.padEnd(13)} ${doc}`)].join("\n");
const scheduleHelp = (): string =>
  [
    "",
    "Schedules (joined by +):",
    ...Object.entries(factors).map(([name, { doc }]) => `  ${name.padEnd(15)} ${doc}`),
  ].join("\n");

export function trainCommand(): Command {
  const train = command(
    "train",
    "train a network under a learning-rate rule; the same command continues an interrupted run",
    "nonsmooth train --model 784-256x20-10-bn --optimizer sgd --lr 0.02 --batch 128 --steps 200 --trace layers",
    "nonsmooth train --model vgg11-bn --data cifar10 --data-dir DIR --optimizer lalc-like-b:tau=0.02 --schedule warm-up:steps=50+cosine --lr 0.4 --batch 512 --epochs 2",
    "nonsmooth train --model 784-128x20-10-bn --format float16 --loss-scale dynamic --master-weights",
    "nonsmooth train compare 3f9a 81c2",
  )
    .addHelpText("after", ruleHelp)
    .addHelpText("after", scheduleHelp)
    .option("--model <name>", "lenet, vgg11[-bn], resnet18, ... or layer sizes", "784-256x3-10")
    .option("--data <name>", "data set (default: mnist; of images in color: cifar10)")
    .option("--data-dir <folder>", "read the data set from here")
    .option("--skip-bad", "leave out damaged images instead of refusing the data set")
    .option("--optimizer <rule>", "a rule and its hyperparameters: lars:eta=0.02,weightDecay=5e-4", "sgd")
    .option("--momentum <mu>", "short for the rule's hyperparameter")
    .option("--weight-decay <wd>", "short for the rule's hyperparameter")
    .option("--schedule <factors>", "factors of the learning rate: warm-up:steps=24+cosine", "constant")
    .option("--lr <x>", "learning rate", "0.1")
    .option("--batch <n>", "mini-batch size", "128")
    .option("--steps <n>", "steps of training")
    .option("--epochs <n>", "passes over the training samples instead (default: 1)")
    .option("--ghost <b>", "batch norms over parts of b samples; short for the suffix :ghost-b of --model")
    .option("--init <law>", "law of the initial weights", "kaiming-normal")
    .option("--convention <preset>", "derivatives at kinks", "pytorch-1.13")
    .option("--set <kink=choice>", "the derivative at a kink, such as relu.zero=0.5", collect, [])
    .option("--normalisation <name>", "how pixels become inputs (default: the paper's)")
    .option("--augmentation <name>", "none, crop-flip or resized-crop-flip", "none")
    .option("--samples <n>", "first samples of the training set, or all", "all")
    .option("--validation <n>", "evaluate on so many samples held out from the end of the training set", "0")
    .addOption(new Option("--scaled <which>", "where the rule's ratio acts: matrices | all").default("matrices"))
    .addOption(new Option("--decayed <which>", "where weight decay acts: matrices | all").default("matrices"))
    .option("--trace <what>", "layers: norms of w, g and dw and effective rates per parameter, in the same pass")
    .option(
      "--loss-scale <s>",
      "2^k, or dynamic[:init=65536,growth=2,backoff=0.5,interval=2000] as PyTorch's GradScaler",
    )
    .option("--master-weights", "keep parameters in the accumulate format; the network reads them rounded")
    .option("--every <n>", "a row every so many steps (default: about 100 rows)")
    .option("--evaluate <n>", "evaluate every so many steps (default: every epoch) and at the end")
    .option("--seed <n>", "seed of weights, order and augmentation", "0")
    .option("--store <folder>", "where rows are kept", "runs")
    .option("--out <file>", "the picture", "out/train.svg");
  withPrecision(train, "float32").action(run);
  return train.addCommand(compareCommand());
}

async function run(given: Options): Promise<void> {
  const options = { ...given, model: modelOf(given) };
  if (options.json !== true) checkOutput(options.out);
  if (options.trace !== undefined) word(options.trace, "trace", ["layers"]);
  const data = options.data ?? (/^(\d|lenet)/.test(options.model) ? "mnist" : "cifar10");
  const { dataDir, skipBad } = options;
  const images = (split: Split): Images => readData(data, evaluationSplit(data, split), { dataDir, skipBad });
  const seed = integer(options.seed, "--seed", 0);
  const settings = settingsOf(options, data, images("train").count);
  const { steps, batch } = settings;
  const samples = settings.samples || images("train").count - settings.validation;
  const every =
    options.every === undefined ? Math.max(1, Math.ceil(steps / 100)) : integer(options.every, "--every", 1);
  const perEpoch = Math.max(1, Math.floor(samples / batch));
  const evaluateEvery = options.evaluate === undefined ? perEpoch : integer(options.evaluate, "--evaluate", 1);
  const common = { seed, store: options.store, backend: options.backend ?? "auto", signal: interruptible(), images };
  warn(settings);
  report(await runTraining({ settings, every, evaluateEvery, ...common }), settings, options);
}

/** The name with the short option added. */
function modelOf({ model, ghost }: Options): string {
  return ghost === undefined ? model : `${model}:ghost-${integer(ghost, "--ghost", 1)}`;
}

/** Small batches under batch norm (papers/bn-relu 2.5). */
function warn({ model, batch }: TrainingSettings): void {
  if (!/^\d.*-bn(:|$)/.test(model)) return;
  const ghost = /:ghost-(\d+)/.exec(model);
  const samples = ghost === null ? batch : Number(ghost[1]);
  const name = ghost === null ? "batch" : "ghost batches of";
  if (samples === 2)
    note(`${name} 2: batch norms map two values to -1 and 1, so gradients below the first one all but vanish`);
  if (samples === 3)
    note(`${name} 3: under batch norm the squared gradient has no finite mean; expect rare, huge steps`);
}

/** The split that is evaluated: "test", or "val" where a set has that. */
function evaluationSplit(data: string, split: Split): Split {
  const { splits } = dataSetNamed(data);
  return splits.includes(split) ? split : splits[1];
}

function settingsOf(options: Options, data: string, count: number): TrainingSettings {
  const { model, schedule, init, augmentation, normalisation, convention } = options;
  const samples = options.samples === "all" ? 0 : integer(options.samples, "--samples", 1);
  const validation = integer(options.validation, "--validation", 0);
  const batch = integer(options.batch, "--batch", 1);
  return {
    ...{ model, data, schedule, init, augmentation, normalisation, convention, samples, validation, batch },
    optimizer: optimizerOf(options),
    lr: number(options.lr, "--lr"),
    steps: stepsOf(options, Math.floor((samples || count - validation) / batch)),
    precision: precisionOf(options),
    choices: options.set,
    scaled: word(options.scaled, "scaled", ["matrices", "all"]),
    decayed: word(options.decayed, "decayed", ["matrices", "all"]),
    trace: options.trace !== undefined,
    lossScale: options.lossScale,
    masterWeights: options.masterWeights,
  };
}

/** The rule's text with the short options added. */
function optimizerOf({ optimizer, momentum, weightDecay }: Options): string {
  const short = Object.entries({ momentum, weightDecay }).filter(([, value]) => value !== undefined);
  const added = short.map(([name, value]) => `${name}=${value}`).join(",");
  return added === "" ? optimizer : `${optimizer}${optimizer.includes(":") ? "," : ":"}${added}`;
}

function stepsOf({ steps, epochs }: Options, perEpoch: number): number {
  if (steps !== undefined && epochs !== undefined) throw new UsageError("--steps and --epochs: give one of them");
  if (steps !== undefined) return integer(steps, "--steps", 1);
  return Math.max(1, integer(epochs ?? "1", "--epochs", 1) * Math.max(1, perEpoch));
}

function precisionOf({
  format,
  operands,
  accumulate,
  arithmetic,
  bias,
  rounding,
  flush,
  block,
}: Options): PrecisionSpec {
  const given = { store: format, operands, accumulate, arithmetic, bias, rounding, flush };
  const all = { ...given, block: block === undefined ? undefined : blockLength(block) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as PrecisionSpec;
}

function report(result: TrainingResult, settings: TrainingSettings, options: Options): void {
  const { id, folder, rows, parameters, interrupted, resumedAt, evaluatedOn } = result;
  if (interrupted) {
    note(`interrupted at step ${result.steps} of ${settings.steps}; the same command continues (${folder})`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  const diverged = rows.at(-1)?.diverged ?? null;
  if (options.json === true)
    printJson({ experiment: "train", id, settings, parameters, evaluatedOn, resumedAt, diverged, rows });
  else {
    const caption = `${settings.data}, ${settings.optimizer}, lr ${settings.lr}, ${settings.schedule}, batch ${settings.batch}, ${settings.precision.store}${settings.lossScale === undefined ? "" : `, loss scale ${settings.lossScale}`}.`;
    const curve = { name: settings.optimizer, rows };
    writeOutput(
      options.out,
      drawFigure(trainingFigure(`Training of ${settings.model}`, caption, curve, parameters, evaluatedOn)),
    );
    print(`${show(rows)}\n\nrun ${id} in ${folder}\npicture: ${options.out}`);
  }
  const { scale = null, skipped = null } = rows.at(-1) ?? {};
  if (scale !== null) note(`loss scale 2^${Number(Math.log2(scale).toFixed(2))}; steps skipped: ${skipped}`);
  if (diverged === null) return;
  const entries = `${diverged.entries} entries of ${diverged.where} not finite`;
  const what =
    { loss: "the loss not finite", "loss scale": "the loss scale backed off to nothing" }[diverged.where] ?? entries;
  note(`diverged at step ${diverged.step + 1}: ${what}`);
  process.exitCode = exitCodes.failed;
}

const shown = 12;

/** About a dozen rows, the last one always. */
function show(rows: readonly TrainingRow[]): string {
  const stride = Math.max(1, Math.ceil(rows.length / shown));
  const kept = rows.filter((row, i) => (rows.length - 1 - i) % stride === 0 || row.evaluation !== null);
  const body = kept.map(({ step, lr, loss, meanLoss, evaluation }) => [
    step,
    lr.toPrecision(3),
    loss.toPrecision(4),
    meanLoss.toPrecision(4),
    evaluation === null ? "" : evaluation.loss.toPrecision(4),
    evaluation === null ? "" : percent(evaluation.accuracy, 2),
  ]);
  return table(["step", "lr", "loss", "mean loss", "evaluated loss", "accuracy"], body);
}
