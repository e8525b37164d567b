#!/usr/bin/env node
/** The command `nonsmooth`. */
import { Command } from "commander";
import { packageVersion } from "../lab/provenance.ts";
import { oneLine, report } from "./command.ts";
import { endOnClosedPipe, note } from "./output.ts";

/** Only the command that is called is loaded; help and typos load all. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  formats: async () => (await import("./formats.ts")).formatsCommand(),
  ops: async () => (await import("./ops.ts")).opsCommand(),
  conventions: async () => (await import("./conventions.ts")).conventionsCommand(),
  probe: async () => (await import("./probe.ts")).probeCommand(),
  zone: async () => (await import("./zone.ts")).zoneCommand(),
  experiments: async () => (await import("./experiments.ts")).experimentsCommand(),
  run: async () => (await import("./run.ts")).runCommand(),
  runs: async () => (await import("./runs.ts")).runsCommand(),
  figure: async () => (await import("./figure.ts")).figureCommand(),
  claims: async () => (await import("./claims.ts")).claimsCommand(),
  bench: async () => (await import("./bench.ts")).benchCommand(),
  doctor: async () => (await import("./doctor.ts")).doctorCommand(),
};

const program = new Command("nonsmooth")
  .description("A laboratory for the numerical reliability of nonsmooth automatic differentiation")
  .version(packageVersion())
  .exitOverride()
  .configureOutput({ outputError: (text) => note(oneLine(text)) })
  .addHelpText("after", "\nExample:\n  nonsmooth probe 'relu(x) - relu(-x)' x=0");

/** How errors are reported, for a command and its subcommands. */
function inherit(command: Command): Command {
  for (const sub of command.commands) inherit(sub);
  return command.copyInheritedSettings(program);
}

endOnClosedPipe();
try {
  const called = process.argv[2];
  const names = Object.hasOwn(loaders, called) ? [called] : Object.keys(loaders);
  for (const name of names) program.addCommand(inherit(await loaders[name]()));
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
