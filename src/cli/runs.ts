/** `nonsmooth runs`: what a store holds. */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { unknown } from "../base/errors.ts";
import { storeFailure } from "../base/files.ts";
import { exportFormats, exportStore } from "../lab/export.ts";
import { findRun, listRuns, type StoredRun } from "../lab/store.ts";
import { command } from "./command.ts";
import { print, printJson, table } from "./output.ts";
import { word } from "./text.ts";

interface Options {
  readonly store: string;
  readonly json?: boolean;
  readonly out?: string;
}

const withStore = (c: Command): Command => c.option("--store <folder>", "where rows are kept", "runs");

export function runsCommand(): Command {
  const ls = withStore(command("ls", "list the runs of a store", "nonsmooth runs ls"))
    .argument("[command]")
    .action((name: string | undefined, options: Options) => {
      if (name !== undefined) throw unknown("command of runs", name, ["ls", "show", "export"]);
      const runs = listRuns(options.store).map(summary);
      if (options.json === true) printJson(runs);
      else print(runs.length === 0 ? `no runs in ${options.store}` : overview(runs));
    });
  const show = withStore(command("show", "parameters, provenance and rows of a run", "nonsmooth runs show 3f9a02c1"))
    .argument("<id>", "see `nonsmooth runs ls`")
    .action((id: string, options: Options) => {
      const { folder, ...run } = findRun(options.store, id);
      if (options.json === true) printJson(run);
      else print(details(folder, run as StoredRun));
    });
  const write = withStore(
    command("export", "every trial of a store once, or those of one run", "nonsmooth runs export csv > trials.csv"),
  )
    .argument("<format>", exportFormats.join(" | "))
    .argument("[id]", "only this run")
    .option("--out <file>", "write to a file instead of to stdout")
    .action((format: string, id: string | undefined, options: Options) => {
      const data = exportStore(options.store, word(format, "export format", exportFormats), id);
      const { out } = options;
      if (out === undefined) process.stdout.write(data);
      else storeFailure(out, () => writeFileSync(out, data));
    });
  const runs = new Command("runs")
    .description("list, show or export stored runs")
    .addHelpText("after", "\nExample:\n  nonsmooth runs export parquet --out trials.parquet");
  runs.addCommand(ls, { isDefault: true });
  return runs.addCommand(show).addCommand(write);
}

interface Summary {
  readonly experiment: string;
  readonly id: string;
  readonly scale: string;
  readonly seed: number;
  readonly state: string;
  readonly done: number | null;
  readonly total: number | null;
  readonly rows: number;
  readonly heartbeat: string | null;
}

const summary = (run: StoredRun): Summary => ({
  experiment: run.experiment,
  id: run.id,
  scale: run.scale,
  seed: run.seed,
  state: run.status?.state ?? "unknown",
  done: run.status?.done ?? null,
  total: run.status?.total ?? null,
  rows: run.rows.length,
  heartbeat: run.status?.heartbeat ?? null,
});

const overview = (runs: readonly Summary[]): string =>
  table(
    ["experiment", "id", "scale", "seed", "state", "trials", "rows", "last seen"],
    runs.map((run) => [
      run.experiment,
      run.id,
      run.scale,
      run.seed,
      run.state,
      `${run.done ?? "?"} of ${run.total ?? "?"}`,
      run.rows,
      run.heartbeat ?? "",
    ]),
  );

function details(folder: string, run: StoredRun): string {
  const last = run.provenance[run.provenance.length - 1];
  const lines = {
    run: `${run.experiment} ${run.id}, scale ${run.scale}, seed ${run.seed}, numerics version ${run.numerics}`,
    state: `${run.status?.state ?? "unknown"}, ${run.rows.length} rows in ${folder}`,
    parameters: JSON.stringify(run.parameters),
    data: JSON.stringify(run.data),
    provenance: JSON.stringify(last),
  };
  return Object.entries(lines)
    .map(([name, text]) => `${name.padEnd(11)} ${text}`)
    .join("\n");
}
