#!/usr/bin/env node
/** The command `nonsmooth`. */
import { Command } from "commander";
import { packageVersion } from "../lab/provenance.ts";
import { benchCommand } from "./bench.ts";
import { claimsCommand } from "./claims.ts";
import { oneLine, report } from "./command.ts";
import { conventionsCommand } from "./conventions.ts";
import { doctorCommand } from "./doctor.ts";
import { experimentsCommand } from "./experiments.ts";
import { figureCommand } from "./figure.ts";
import { formatsCommand } from "./formats.ts";
import { opsCommand } from "./ops.ts";
import { endOnClosedPipe, note } from "./output.ts";
import { probeCommand } from "./probe.ts";
import { runCommand } from "./run.ts";
import { runsCommand } from "./runs.ts";
import { zoneCommand } from "./zone.ts";

const program = new Command("nonsmooth")
  .description("A laboratory for the numerical reliability of nonsmooth automatic differentiation")
  .version(packageVersion())
  .exitOverride()
  .configureOutput({ outputError: (text) => note(oneLine(text)) })
  .addHelpText("after", "\nExample:\n  nonsmooth probe 'relu(x) - relu(-x)' x=0");

const commands = [
  formatsCommand(),
  opsCommand(),
  conventionsCommand(),
  probeCommand(),
  zoneCommand(),
  experimentsCommand(),
  runCommand(),
  runsCommand(),
  figureCommand(),
  claimsCommand(),
  benchCommand(),
  doctorCommand(),
];

/** How errors are reported, for a command and its subcommands. */
function inherit(command: Command): Command {
  for (const sub of command.commands) inherit(sub);
  return command.copyInheritedSettings(program);
}
for (const command of commands) program.addCommand(inherit(command));

endOnClosedPipe();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
