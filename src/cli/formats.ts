/** `nonsmooth formats`: the number formats, and values rounded once to one of them. */
import type { Command } from "commander";
import { stream } from "../base/random.ts";
import { formatNamed, formats, hex, round, roundings } from "../formats/index.ts";
import { command } from "./command.ts";
import { type Cell, print, printJson, table } from "./output.ts";
import { integer, number, word } from "./text.ts";

interface Options {
  readonly rounding: string;
  readonly seed: string;
  readonly json?: boolean;
}

export function formatsCommand(): Command {
  return command(
    "formats",
    "list number formats, or round values once to a format",
    "nonsmooth formats float16 0.1 65520",
    "nonsmooth formats float8_e4m3 --rounding up -- -0.3 464",
    "nonsmooth formats 'custom(5, 2)' 1.1",
  )
    .argument("[format]", "format to round to")
    .argument("[values...]", "numbers, read as float64; negative ones after --")
    .option("--rounding <mode>", roundings.join(" | "), "nearest")
    .option("--seed <n>", "seed of stochastic rounding", "0")
    .action((name: string | undefined, values: readonly string[], options: Options) => {
      if (name === undefined) list(options);
      else roundAll(name, values, options);
    });
}

function list(options: Options): void {
  if (options.json === true) {
    printJson(formats);
    return;
  }
  const headers = ["format", "bits", "exponent", "fraction", "largest", "smallest normal", "smallest subnormal"];
  const rows = formats.map((f) => [
    f.name,
    f.bits,
    f.exponentBits,
    f.fractionBits,
    f.largest,
    f.smallestNormal,
    f.smallestSubnormal,
  ]);
  print(table(headers, rows));
}

function roundAll(name: string, values: readonly string[], options: Options): void {
  const format = formatNamed(name);
  const mode = word(options.rounding, "rounding", roundings);
  const draws = stream(integer(options.seed, "seed", 0), "formats");
  const rows = values.map((text) => {
    const input = number(text, "value");
    const value = round(format, input, mode, draws.uniform());
    return { input, value, bits: hex(format, value) };
  });
  if (options.json === true) printJson(values.length === 0 ? format : rows);
  else if (values.length === 0) print(table(["property", "value"], Object.entries(format) as [string, Cell][]));
  else
    print(
      table(
        ["input", "value", "bits"],
        rows.map((row) => [row.input, row.value, row.bits]),
      ),
    );
}
