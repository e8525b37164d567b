/** How every command is made: an example in its help, `--json`, errors that name the near option. */
import { Command, CommanderError } from "commander";
import { DataError, UsageError } from "../base/errors.ts";
import { exitCodes, note } from "./output.ts";

/** A command with `--json` and at least one example. */
export function command(name: string, description: string, ...examples: string[]): Command {
  return new Command(name)
    .description(description)
    .option("--json", "print JSON; NaN, Infinity, -Infinity and -0 are strings")
    .addHelpText(
      "after",
      ["", examples.length > 1 ? "Examples:" : "Example:", ...examples.map((e) => `  ${e}`)].join("\n"),
    );
}

/** Joins commander's message and its suggestion to one line. */
export const oneLine = (text: string): string =>
  text
    .trim()
    .replace(/\n\(Did you mean (.*)\?\)$/s, (_, names: string) => `; did you mean ${names.replace(/^one of /, "")}?`)
    .replaceAll("\n", " ");

/** Says what went wrong in one line on stderr and returns the exit code for it. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 || error.code === "commander.helpDisplayed" ? exitCodes.ok : exitCodes.usage;
  }
  if (error instanceof UsageError || error instanceof DataError) {
    note(`error: ${error.message}`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  }
  if (error instanceof Error && error.name === "AbortError") {
    note("interrupted");
    return exitCodes.interrupted;
  }
  note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return exitCodes.failed;
}

let interruption: AbortController | undefined;

/** The process's signal that Ctrl-C aborts; a second Ctrl-C ends the process at once. */
export function interruptible(): AbortSignal {
  if (interruption === undefined) {
    const controller = new AbortController();
    const stop = (): void => {
      if (controller.signal.aborted) process.exit(exitCodes.interrupted);
      controller.abort();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    interruption = controller;
  }
  return interruption.signal;
}
