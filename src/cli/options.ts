/** Options that several commands share, and the reading of their values. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { type Precision, type PrecisionSpec, precision, roundings } from "../formats/index.ts";
import { integer } from "./text.ts";

/** For options given several times. */
export const collect = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

/** A commander parser whose failures are usage errors of one line. */
export const parsed =
  <T>(read: (text: string) => T): ((text: string) => T) =>
  (text) => {
    try {
      return read(text);
    } catch (error) {
      if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };

export interface PrecisionOptions {
  readonly format?: string;
  readonly operands?: string;
  readonly accumulate?: string;
  readonly arithmetic?: string;
  readonly block?: string;
  readonly bias?: string;
  readonly rounding?: string;
  readonly flush?: boolean;
  readonly backend?: string;
}

/** Adds the options of a precision and of the backend. */
export function withPrecision(command: Command, defaultFormat?: string): Command {
  const format = new Option("--format <format>", "number format of values");
  return command
    .addOption(defaultFormat === undefined ? format : format.default(defaultFormat))
    .option("--operands <format>", "format that operands of contractions are rounded to (default: the format)")
    .option("--accumulate <format>", "format of sums (default: the wider of float32 and the format)")
    .option("--arithmetic <name>", "strict | fused")
    .option("--block <n>", "block length of sums, or Infinity (default: 256)")
    .option("--bias <name>", "once | rounded")
    .option("--rounding <mode>", roundings.join(" | "))
    .option("--flush", "subnormal inputs and results become zeros")
    .option("--backend <name>", "auto | js | wasm | native", "auto");
}

/** The precision that the options describe, its store format being `format`. Throws UsageError. */
export function precisionOf(options: PrecisionOptions, format: string, seed = 0): Precision {
  const given = { operands: options.operands, accumulate: options.accumulate, arithmetic: options.arithmetic };
  const modes = { bias: options.bias, rounding: options.rounding, flush: options.flush };
  const block = options.block === undefined ? undefined : blockLength(options.block);
  const spec = Object.entries({ store: format, seed, block, ...given, ...modes }).filter(([, v]) => v !== undefined);
  return precision(Object.fromEntries(spec) as PrecisionSpec);
}

export function blockLength(text: string): number {
  return /^\+?inf(inity)?$/i.test(text) ? Number.POSITIVE_INFINITY : integer(text, "block", 1);
}
