/** `nonsmooth train compare`: what tells stored trainings apart, and how they end. */
import type { Command } from "commander";
import type { TrainingRow } from "../analysis/training/record.ts";
import { UsageError } from "../base/errors.ts";
import { checkOutput, writeOutput } from "../base/files.ts";
import { drawFigure } from "../lab/figure.ts";
import { canonicalJson } from "../lab/json.ts";
import { findRun, listRuns, type StoredRun } from "../lab/store.ts";
import { command } from "./command.ts";
import { percent, print, printJson, table } from "./output.ts";
import { comparisonFigure } from "./training-figure.ts";
import { trainingName, trainingRows } from "./training-run.ts";

interface Options {
  readonly store: string;
  readonly out: string;
  readonly json?: boolean;
}

export function compareCommand(): Command {
  return command(
    "compare",
    "what tells stored trainings apart, and how they end",
    "nonsmooth train compare",
    "nonsmooth train compare 3f9a 81c2 --json",
  )
    .argument("[ids...]", "trainings by id or its beginning (default: all of the store)")
    .option("--store <folder>", "where rows are kept", "runs")
    .option("--out <file>", "the picture", "out/train-compare.svg")
    .action((ids: readonly string[], options: Options, self: Command) =>
      compare(ids, { ...options, json: options.json === true || self.parent?.opts<Options>().json === true }),
    );
}

interface Compared {
  readonly id: string;
  /** Settings in which the trainings differ. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly steps: number;
  /** Mean loss of the last row. */
  readonly loss: number;
  readonly accuracy: number | null;
  readonly bestAccuracy: number | null;
  readonly diverged: TrainingRow["diverged"];
}

function finishedRuns(ids: readonly string[], store: string): StoredRun[] {
  const found = ids.length === 0 ? listRuns(store, trainingName) : ids.map((id) => findRun(store, id));
  const other = found.find(({ experiment }) => experiment !== trainingName);
  if (other !== undefined) throw new UsageError(`run ${other.id} is one of ${other.experiment}, expected trainings`);
  const runs = found.filter(({ rows }) => rows.length > 0);
  const unfinished = ids.length === 0 ? undefined : found.find(({ rows }) => rows.length === 0);
  if (unfinished !== undefined) throw new UsageError(`run ${unfinished.id} has not finished; its command continues it`);
  if (runs.length === 0) throw new UsageError(`the store ${store} has no finished trainings; see nonsmooth train`);
  return runs;
}

/** What a training records, which changes none of its numbers. */
const recording: readonly string[] = ["every", "evaluateEvery", "trace"];

function differing(runs: readonly StoredRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ parameters }) => Object.keys(parameters)))].filter(
    (name) => !recording.includes(name),
  );
  const settings = names.filter(
    (name) => new Set(runs.map((run) => canonicalJson(run.parameters[name] ?? null))).size > 1,
  );
  return new Set(runs.map(({ seed }) => seed)).size > 1 ? [...settings, "seed"] : settings;
}

const settingOf = (run: StoredRun, name: string): unknown => (name === "seed" ? run.seed : run.parameters[name]);

function summaryOf(run: StoredRun, names: readonly string[]): Compared {
  const rows = trainingRows(run.rows);
  const last = rows[rows.length - 1];
  const accuracies = rows.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation.accuracy]));
  return {
    id: run.id,
    settings: Object.fromEntries(names.map((name) => [name, settingOf(run, name) ?? null])),
    steps: last.step,
    loss: last.meanLoss,
    accuracy: accuracies.at(-1) ?? null,
    bestAccuracy: accuracies.length === 0 ? null : Math.max(...accuracies),
    diverged: last.diverged,
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : canonicalJson(value ?? null));

function compare(ids: readonly string[], options: Options): void {
  if (options.json !== true) checkOutput(options.out);
  const runs = finishedRuns(ids, options.store);
  const names = differing(runs);
  const compared = runs.map((run) => summaryOf(run, names));
  if (options.json === true) {
    printJson({ differ: names, runs: compared });
    return;
  }
  const headers = ["run", ...names, "done", "loss", "accuracy", "best", "diverged"];
  const body = compared.map((run) => [
    run.id.slice(0, 8),
    ...names.map((name) => text(run.settings[name])),
    run.steps,
    run.loss.toPrecision(4),
    run.accuracy === null ? "" : percent(run.accuracy, 2),
    run.bestAccuracy === null ? "" : percent(run.bestAccuracy, 2),
    run.diverged === null ? "" : `step ${run.diverged.step + 1}, ${run.diverged.where}`,
  ]);
  const curves = runs.map((run, i) => ({
    name: names.length === 0 ? run.id.slice(0, 8) : names.map((name) => text(compared[i].settings[name])).join(", "),
    rows: trainingRows(run.rows),
  }));
  writeOutput(options.out, drawFigure(comparisonFigure(curves, "as each training evaluates")));
  print(`${table(headers, body)}\n\npicture: ${options.out}`);
}
