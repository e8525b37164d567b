/** Options that several commands share, and the reading of their values. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import type { Rounding } from "../formats/format.ts";
import { formatNamed } from "../formats/index.ts";
import { type Precision, precision } from "../formats/precision.ts";
import { integer, word } from "./text.ts";

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

export const roundings: readonly Rounding[] = ["nearest", "zero", "up", "down", "stochastic"];
const backends = ["auto", "js", "wasm", "native"] as const;

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
  const { operands, accumulate, block } = options;
  return precision({
    store: formatNamed(format),
    ...(operands === undefined ? {} : { operands: formatNamed(operands) }),
    ...(accumulate === undefined ? {} : { accumulate: formatNamed(accumulate) }),
    arithmetic: word(options.arithmetic ?? "strict", "arithmetic", ["strict", "fused"]),
    block: block === undefined ? 256 : blockLength(block),
    bias: word(options.bias ?? "once", "bias", ["once", "rounded"]),
    rounding: word(options.rounding ?? "nearest", "rounding", roundings),
    flush: options.flush === true,
    seed,
  });
}

function blockLength(text: string): number {
  return /^\+?inf(inity)?$/i.test(text) ? Number.POSITIVE_INFINITY : integer(text, "block", 1);
}

export function backendOf(options: PrecisionOptions): (typeof backends)[number] {
  return word(options.backend ?? "auto", "backend", backends);
}
