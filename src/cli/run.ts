/** `nonsmooth run`: runs an experiment, or continues it where it stopped. */
import type { Command } from "commander";
import { probe } from "../backends/wasm/probe.ts";
import { UsageError } from "../base/errors.ts";
import { type Scale, scales } from "../lab/experiment.ts";
import { progress } from "../lab/progress.ts";
import { howToContinue, type RunResult, runExperiment } from "../lab/run.ts";
import { command, interruptible } from "./command.ts";
import { experimentNamed, registryUrl } from "./experiments.ts";
import { exitCodes, note, print, printJson } from "./output.ts";
import { assignment, integer, word } from "./text.ts";

interface Options {
  readonly scale: string;
  readonly store: string;
  readonly seed: string;
  readonly workers?: string;
  readonly dataDir?: string;
  readonly backend: string;
  readonly json?: boolean;
}

export function runCommand(): Command {
  return command(
    "run",
    "run an experiment; run it again to continue where it stopped",
    "nonsmooth run relu0/volume --scale quick",
    "nonsmooth run relu0/volume format=float16 --scale minimal --workers 2",
  )
    .argument("<experiment>", "see `nonsmooth experiments`")
    .argument("[parameters...]", "name=value: fixes a parameter in every trial")
    .option("--scale <scale>", scales.join(" | "), "quick")
    .option("--store <folder>", "where rows are kept", "runs")
    .option("--seed <n>", "seed of all random streams", "0")
    .option("--workers <n>", "worker threads (default: one per core); 0 runs trials one by one")
    .option("--data-dir <folder>", "read data sets from here")
    .option("--backend <name>", "auto | js | wasm | native; rows do not depend on it", "auto")
    .action(async (id: string, settings: readonly string[], options: Options) => {
      const result = await runExperiment(experimentNamed(id), {
        scale: word<Scale>(options.scale, "scale", scales),
        parameters: parametersOf(settings),
        seed: integer(options.seed, "seed", 0),
        store: options.store,
        registry: registryUrl,
        engine: { ...probe() },
        signal: interruptible(),
        backend: backendNamed(options.backend),
        progress: (total, before) => progress({ title: id, total, before }),
        ...(options.workers === undefined ? {} : { workers: integer(options.workers, "workers", 0) }),
        ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      });
      report(result, options);
    });
}

/** @throws UsageError */
function backendNamed(name: string): string {
  return word(name, "backend", ["auto", "js", "wasm", "native"]);
}

function parametersOf(settings: readonly string[]): Record<string, string> {
  const pairs = settings.map((setting) => assignment(setting, "parameter"));
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) < i);
  if (twice !== undefined) throw new UsageError(`parameter ${twice[0]}: given twice`);
  return Object.fromEntries(pairs);
}

function report(result: RunResult, options: Options): void {
  const { experiment, id, rows, failures } = result;
  for (const failure of failures) note(`failed: ${JSON.stringify(failure.parameters)}: ${failure.error}`);
  if (result.state === "interrupted") {
    note(howToContinue(result));
    process.exitCode = exitCodes.interrupted;
    return;
  }
  if (options.json === true) printJson({ experiment, id, rows });
  else {
    print(`${experiment} ${id}: ${result.done} of ${result.total} trials, ${rows.length} rows in ${result.folder}`);
    print(`figure: nonsmooth figure ${experiment} --store ${options.store}`);
  }
  if (failures.length > 0) process.exitCode = exitCodes.failed;
}
