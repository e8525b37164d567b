/** `nonsmooth spectrum`: eigenvalues of the Gram matrix of a wide layer at initialization, with an error bound on each. */
import { type Command, Option } from "commander";
import { spectrumFigure } from "../../experiments/activations/spectrum-figure.ts";
import { activationNamed } from "../analysis/spectra/activations.ts";
import { principalComponents } from "../analysis/spectra/principal.ts";
import { measureSpectrum, type SpectrumReport, type SpectrumRequest } from "../analysis/spectra/report.ts";
import { roundedModes } from "../analysis/spectra/rounded.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { formatNamed } from "../formats/index.ts";
import { drawFigure } from "../lab/figure.ts";
import { kinkChoices } from "./choices.ts";
import { command, interruptible } from "./command.ts";
import { collect } from "./options.ts";
import { note, print, printJson, table } from "./output.ts";
import { pointsOf } from "./points.ts";
import { integer, word } from "./text.ts";

interface Options {
  readonly activation: string;
  readonly data: string;
  readonly dataDir?: string;
  readonly n: string;
  readonly components?: string;
  readonly width: string;
  readonly depth: string;
  readonly layers: string;
  readonly normalization?: string;
  readonly bias?: string | boolean;
  readonly format?: string;
  readonly mode?: string;
  readonly rounding: string;
  readonly set: readonly string[];
  readonly seed: string;
  readonly raw?: boolean;
  readonly out: string;
  readonly json?: boolean;
}

export function spectrumCommand(): Command {
  return command(
    "spectrum",
    "eigenvalues of the Gram matrix of a wide layer at initialization, with error bounds",
    "nonsmooth spectrum --activation tanh --data half-circle --n 50",
    "nonsmooth spectrum --activation relu --data mnist --n 200 --width 20000 --format float8_e4m3 --mode J --json",
  )
    .option("--activation <name>", "relu, leakyRelu:0.1, elu, swish:2, poly:0,1,0.5, ...", "relu")
    .option(
      "--data <set>",
      "half-circle, circle, sphere:D, hypercube:D, a file (.npy, .csv, .idx), mnist, ...",
      "half-circle",
    )
    .option("--data-dir <folder>", "read the data set from here")
    .option("--n <points>", "number of points; of a file or data set the first ones", "20")
    .option("--components <k>", "only the first k principal components of the points, scaled to unit norm again")
    .option("--width <units>", "units per layer, or infinite", "infinite")
    .option("--depth <layers>", "hidden layers", "1")
    .addOption(new Option("--layers <which>", "trained layers: first | all").default("first"))
    .option(
      "--normalization <name>",
      "none | plain | centred: phi scaled to E[phi^2] = 1 (default: none; centred if deep)",
    )
    .option("--bias [use]", "a bias of variance 1: fixed | trained")
    .option("--format <format>", "number format that --mode rounds to")
    .option(
      "--mode <mode>",
      "G (entries) | J (features and points) | W (weights and points); default: J, G at infinite width",
    )
    .option("--rounding <mode>", "nearest | zero | up | down | stochastic", "nearest")
    .option("--set <kink=choice>", "the derivative at a kink, such as relu.zero=0.5", collect, [])
    .option("--seed <n>", "seed of points and weights", "0")
    .option("--raw", "keep the norms of a file's rows (finite width)")
    .option("--out <file>", "the picture", "out/spectrum.svg")
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.json !== true) checkOutput(options.out);
  const request = requestOf(options);
  const { points, width } = request;
  if (width !== undefined && width * points.d < points.n) {
    note(`rank: ${width} units of ${points.d} weights give at most rank ${width * points.d}, below n = ${points.n}`);
  }
  const report = measureSpectrum(request);
  const { duplicates, antipodes, duplicateCount, antipodeCount } = report.data;
  if (duplicateCount > 0) note(`duplicates: ${duplicateCount} pairs of equal points: ${pairs(duplicates)}`);
  if (antipodeCount > 0) note(`antipodes: ${antipodeCount} pairs of opposite points: ${pairs(antipodes)}`);
  if (options.json === true) printJson(report);
  else {
    writeOutput(options.out, drawFigure(spectrumFigure(report, points.name)));
    print(`${show(report)}\n\npicture: ${options.out}`);
  }
}

function requestOf(options: Options): SpectrumRequest {
  const activation = activationNamed(options.activation);
  const seed = integer(options.seed, "--seed", 0);
  const n = integer(options.n, "--n", 1);
  const all = pointsOf(options.data, { n, seed, raw: options.raw === true, dataDir: options.dataDir });
  const points =
    options.components === undefined
      ? all
      : principalComponents(all).project(integer(options.components, "--components", 1));
  const width = options.width === "infinite" ? undefined : integer(options.width, "--width", 1);
  const depth = integer(options.depth, "--depth", 1);
  const normalization = word(options.normalization ?? (depth > 1 ? "centred" : "none"), "normalization", [
    "none",
    "plain",
    "centred",
  ]);
  const bias = options.bias === undefined ? "none" : options.bias === true ? "fixed" : options.bias;
  return {
    ...{ activation, points, depth, normalization, seed, signal: interruptible() },
    layers: word(options.layers, "layers", ["first", "all"]),
    bias: word(String(bias), "bias", ["none", "fixed", "trained"]),
    ...(width === undefined ? {} : { width }),
    ...(options.set.length === 0 ? {} : { convention: kinkChoices(options.set) }),
    ...rounding(options, width),
  };
}

function rounding({ format, mode, rounding }: Options, width: number | undefined): Partial<SpectrumRequest> {
  if (format === undefined) return {};
  return {
    format: formatNamed(format),
    mode: word(mode ?? (width === undefined ? "G" : "J"), "mode", roundedModes),
    rounding: word(rounding, "rounding", ["nearest", "zero", "up", "down", "stochastic"]),
  };
}

const pairs = (list: readonly (readonly [number, number])[]): string =>
  list
    .slice(0, 5)
    .map(([i, j]) => `${i} and ${j}`)
    .join(", ") + (list.length > 5 ? ", ..." : "");

const short = (value: number): string => (value === 0 ? "0" : value.toPrecision(4));

function show(report: SpectrumReport): string {
  const { eigenvalues, errorBounds, resolved, n } = report;
  const shown = n <= 12 ? Array.from(eigenvalues.keys()) : [0, 1, 2, 3, 4, ...[5, 4, 3, 2, 1].map((k) => n - k)];
  const unresolved = resolved.filter((r) => !r).length;
  const head = [
    `${report.activation}, ${report.class}: ${n} points, delta ${short(report.data.delta)}; ${report.method}`,
    `lambda_min ${resolved[0] ? short(report.lambdaMin) : `not resolved (below ${short(report.floor)})`}, lambda_max ${short(report.lambdaMax)}, condition ${report.condition === null ? "unknown" : short(report.condition)}, ${unresolved} of ${n} not resolved`,
    `law: ${report.law.name}${report.law.predicted === null ? "" : `: ${short(report.law.predicted)}`}`,
    ...(report.predictedFloor > 0 ? [`rounding alone gives about ${short(report.predictedFloor)}`] : []),
    `below eps x lambda_max: ${Object.entries(report.counts)
      .map(([eps, count]) => `${count} (${eps})`)
      .join(", ")}`,
  ];
  const rows = shown.map((i) => [
    i,
    short(eigenvalues[i]),
    errorBounds[i].toExponential(1),
    resolved[i] ? "yes" : "no",
  ]);
  return `${head.join("\n")}\n\n${table(["index", "eigenvalue", "error bound", "resolved"], rows)}`;
}
