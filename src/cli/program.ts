/** All commands as one program. */
import { Command } from "commander";
import { packageVersion } from "../lab/provenance.ts";
import { oneLine, report } from "./command.ts";
import { exitCodes, note } from "./output.ts";

/** Only the command that is called is loaded; help and typos load all. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  formats: async () => (await import("./formats.ts")).formatsCommand(),
  ops: async () => (await import("./ops.ts")).opsCommand(),
  conventions: async () => (await import("./conventions.ts")).conventionsCommand(),
  probe: async () => (await import("./probe.ts")).probeCommand(),
  zone: async () => (await import("./zone.ts")).zoneCommand(),
  spectrum: async () => (await import("./spectrum.ts")).spectrumCommand(),
  train: async () => (await import("./train.ts")).trainCommand(),
  kinks: async () => (await import("./kinks.ts")).kinksCommand(),
  propagate: async () => (await import("./propagate.ts")).propagateCommand(),
  experiments: async () => (await import("./experiments.ts")).experimentsCommand(),
  run: async () => (await import("./run.ts")).runCommand(),
  runs: async () => (await import("./runs.ts")).runsCommand(),
  figure: async () => (await import("./figure.ts")).figureCommand(),
  claims: async () => (await import("./claims.ts")).claimsCommand(),
  data: async () => (await import("./data.ts")).dataCommand(),
  bench: async () => (await import("./bench.ts")).benchCommand(),
  doctor: async () => (await import("./doctor.ts")).doctorCommand(),
};

/** Runs `nonsmooth <args>`: data on stdout, one line per error on stderr. Returns the exit code. */
export async function execute(args: readonly string[]): Promise<number> {
  const program = new Command("nonsmooth")
    .description("A laboratory for the numerical reliability of nonsmooth automatic differentiation")
    .version(packageVersion())
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ outputError: (text) => note(oneLine(text)) })
    .addHelpText("after", "\nExample:\n  nonsmooth probe 'relu(x) - relu(-x)' x=0");

  const inherit = (command: Command): Command => {
    for (const sub of command.commands) inherit(sub);
    return command.copyInheritedSettings(program);
  };
  try {
    const names = Object.hasOwn(loaders, args[0]) ? [args[0]] : Object.keys(loaders);
    for (const name of names) program.addCommand(inherit(await loaders[name]()));
    await program.parseAsync(args, { from: "user" });
    return process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode);
  } catch (error) {
    return report(error);
  }
}
