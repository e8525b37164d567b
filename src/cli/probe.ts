/** `nonsmooth probe`: an expression at a point. Nothing is evaluated as code. */
import type { Command } from "commander";
import { evaluate, gradientsOf, hessianOf, kinkHits, subgradients } from "../analysis/probe.ts";
import { UsageError, unknown } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import type { CompileOptions } from "../compile.ts";
import { type Choices, type Convention, convention, parseChoices, presets } from "../conventions/index.ts";
import { formats, type Precision, rounder } from "../formats/index.ts";
import type { Program } from "../ir/program.ts";
import { command } from "./command.ts";
import { parseFormula } from "./expression-parser.ts";
import { formulaProgram } from "./formula-program.ts";
import { publicOps } from "./ops.ts";
import { collect, type PrecisionOptions, precisionOf, withPrecision } from "./options.ts";
import { printJson } from "./output.ts";
import { type PresetRow, printProbe } from "./probe-table.ts";
import { assignment, integer, list } from "./text.ts";
import { type Nested, nested, parseValue, type Value } from "./values.ts";

interface Options extends PrecisionOptions {
  readonly convention?: string;
  readonly set: readonly string[];
  readonly wrt?: string;
  readonly order: string;
  readonly seed: string;
  readonly json?: boolean;
}

const defaultFormat = "float32";

export function probeCommand(): Command {
  const probe = command(
    "probe",
    "value, gradient, kinks and subgradient of an expression",
    "nonsmooth probe 'relu(x) - relu(-x)' x=0",
    "nonsmooth probe 'clamp(x, low=0, high=0.7)' x=0.7 --format bfloat16 --convention jax",
    "nonsmooth probe 'sum(max(a, b))' 'a=[1,2]' 'b=[1,3]' --set max.tie=first --order 2",
  )
    .argument("<expression>", "ops by name, + - * /, options as trailing key=value")
    .argument("[values...]", "name=value: numbers or nested arrays")
    .option("--convention <name>", "preset of choices (default: the ops' defaults, with a table of all presets)")
    .option("--set <kink=choice>", "choice at a kink, or at kink@node; may be repeated", collect, [])
    .option("--wrt <names>", "inputs to differentiate, separated by commas (default: all)")
    .option("--order <n>", "2 adds the second derivatives", "1")
    .option("--seed <n>", "seed of stochastic rounding", "0");
  return withPrecision(probe).action((text: string, settings: readonly string[], options: Options) => {
    const result = examine(text, settings, options);
    if (options.json === true) printJson(result);
    else printProbe(result);
  });
}

export interface ProbeResult {
  readonly value: Nested;
  readonly gradient: Readonly<Record<string, Nested>>;
  readonly kinks: ReturnType<typeof kinkHits>;
  readonly subgradient: ReturnType<typeof subgradients>;
  readonly hessian?: Readonly<Record<string, Readonly<Record<string, Nested>>>>;
  readonly presets?: readonly PresetRow[];
}

function examine(text: string, settings: readonly string[], options: Options): ProbeResult {
  const values = readValues(settings);
  const shapes = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.shape]));
  const program = formulaProgram(parseFormula(text), shapes);
  const floats = Object.keys(values).filter((name) => typeOf(program, name) === "store");
  const wrt = options.wrt === undefined ? floats : [...new Set(list(options.wrt, "--wrt"))];
  const wrong = wrt.find((name) => !floats.includes(name));
  if (wrong !== undefined) throw unknown("input to differentiate", wrong, floats);
  const order = integer(options.order, "order", 1);
  if (order > 2) throw new UsageError(`order: found ${order}, expected 1 or 2`);
  const precision = precisionOf(options, options.format ?? defaultFormat, integer(options.seed, "seed", 0));
  const how: CompileOptions = { precision, backend: options.backend ?? "auto" };
  const chosen = conventionOf(options, parseChoices(options.set), program);
  const inputs = roundedInputs(values, program, precision);
  const [gradient] = gradientsOf(program, [chosen], inputs, wrt, how);
  const shaped = (data: Readonly<Record<string, number[]>>): Record<string, Nested> =>
    Object.fromEntries(wrt.map((name) => [name, nested(data[name], shapes[name])]));
  const second = order === 2 ? hessianOf(program, chosen, inputs, wrt, how) : undefined;
  return {
    value: nested(evaluate(program, inputs, how), program.values[program.outputs[0].value].shape),
    gradient: shaped(gradient),
    kinks: kinkHits(program, inputs, how),
    subgradient: subgradients(program, inputs, gradient, how),
    ...(second === undefined ? {} : { hessian: shapedHessian(second, shapes) }),
    ...(options.convention === undefined ? { presets: presetRows(program, chosen, values, wrt, shaped, options) } : {}),
  };
}

function readValues(settings: readonly string[]): Record<string, Value> {
  const values: Record<string, Value> = Object.create(null);
  for (const setting of settings) {
    const [name, text] = assignment(setting, "value");
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new UsageError(`value: '${name}' is not a name`);
    if (name in values) throw new UsageError(`value: ${name} is given twice`);
    values[name] = parseValue(text, name);
  }
  return values;
}

const typeOf = (program: Program, name: string): string =>
  program.values[program.inputs.find((input) => input.name === name)?.value as number].type;

/** Kinks are named as the program has them: `--set relu.zero@7=1` must name a node with that kink. */
function conventionOf(options: Options, choices: Choices, program: Program): Convention {
  const kinks = publicOps().flatMap((op) => op.kinks);
  const chosen = convention(options.convention ?? {}, choices, kinks);
  const byName = new Map(publicOps().map((op) => [op.name, op]));
  const instances = program.nodes.flatMap((node) =>
    (byName.get(node.op)?.kinks ?? []).map((kink) => `${kink.name}@${node.id}`),
  );
  for (const key of Object.keys(choices)) {
    if (key.includes("@") && !instances.includes(key)) throw unknown("kink of the expression", key, instances);
  }
  return chosen;
}

/** Data are rounded to nearest: rounding modes belong to operations. */
function roundedInputs(
  values: Readonly<Record<string, Value>>,
  program: Program,
  precision: Precision,
): Record<string, number[]> {
  const toStore = rounder(precision.store, "nearest", precision.flush);
  const entries = Object.entries(values).map(([name, value]) => {
    if (typeOf(program, name) === "store") return [name, value.data.map((x) => toStore(x))];
    const wrong = value.data.find((x) => !Number.isInteger(x) || Math.abs(x) >= 2 ** 31);
    if (wrong !== undefined) throw new UsageError(`${name}: found ${wrong}, expected an integer`);
    return [name, value.data];
  });
  return Object.fromEntries(entries);
}

const shapedHessian = (
  second: Readonly<Record<string, Readonly<Record<string, number[]>>>>,
  shapes: Readonly<Record<string, Shape>>,
): Record<string, Record<string, Nested>> =>
  Object.fromEntries(
    Object.entries(second).map(([a, row]) => [
      a,
      Object.fromEntries(Object.entries(row).map(([b, data]) => [b, nested(data, [...shapes[a], ...shapes[b]])])),
    ]),
  );

/**
 * Every preset in the format that was asked for; without --format in every format, the default one first. `differs`
 * compares with the choices of the printed gradient (the ops' defaults and --set) in the same format.
 */
function presetRows(
  program: Program,
  chosen: Convention,
  values: Readonly<Record<string, Value>>,
  wrt: readonly string[],
  shaped: (data: Readonly<Record<string, number[]>>) => Record<string, Nested>,
  options: Options,
): PresetRow[] {
  const names = formats.map((format) => format.name).filter((name) => name !== defaultFormat);
  const shown = options.format === undefined ? [defaultFormat, ...names] : [options.format];
  const own = new Set(program.nodes.flatMap((node) => publicOps().find((op) => op.name === node.op)?.kinks ?? []));
  const conventions = presets.map((preset) => convention(preset.name));
  const choicesAt = (c: Convention): string =>
    JSON.stringify([...own].map((kink) => c.choices[kink.name] ?? kink.default));
  const distinct = new Map(conventions.map((c) => [choicesAt(c), c]));
  const places = [...distinct.keys()];
  return shown.flatMap((format) => {
    const precision = precisionOf(options, format, integer(options.seed, "seed", 0));
    const how: CompileOptions = { precision, backend: options.backend ?? "auto" };
    const inputs = roundedInputs(values, program, precision);
    const [printed, ...found] = gradientsOf(program, [chosen, ...distinct.values()], inputs, wrt, how);
    return conventions.map((c) => {
      const gradient = found[places.indexOf(choicesAt(c))];
      const differs = wrt.some((name) => gradient[name].some((x, i) => !sameNumber(x, printed[name][i])));
      return { convention: c.name, format: precision.store.name, gradient: shaped(gradient), differs };
    });
  });
}

/** -0 equals +0, NaN equals NaN. */
const sameNumber = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
