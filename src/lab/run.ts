/** Runs an experiment: what the store has is skipped, what is missing is run and stored. */
import { availableParallelism } from "node:os";
import { DataError, UsageError } from "../base/errors.ts";
import { numericsVersion } from "../formats/numerics-version.ts";
import { loadData } from "./execute.ts";
import type { Experiment, RowIdentity, Scale, StoredRow } from "./experiment.ts";
import { type ParameterRecord, type Plain, readParameters, resolveParameters, trialParameters } from "./parameters.ts";
import { runTrials } from "./pool.ts";
import type { Progress } from "./progress.ts";
import { provenance } from "./provenance.ts";
import type { Failure, Status } from "./status.ts";
import { findTrials, type OpenRun, openRun } from "./store.ts";
import { runId, storedRows, type Trial, trialId } from "./trial.ts";

export interface RunOptions {
  readonly scale?: Scale;
  /** The user's parameters, as text or as values. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  /** Worker threads: by default one per core; 0 runs trials in this thread. */
  readonly workers?: number;
  /** Folder of the store; without it rows are kept in memory only. */
  readonly store?: string;
  /** URL of the module that exports `experiments` (experiments/index.ts); without it there are no workers. */
  readonly registry?: string;
  readonly dataDir?: string;
  /** Default "auto". The rows do not depend on it. */
  readonly backend?: string;
  /** What the engine's probe says about this machine; stored. */
  readonly engine?: Plain;
  readonly signal?: AbortSignal;
  /** Called with the sum of all costs and that of the stored trials. */
  readonly progress?: (total: number, before: number) => Progress;
}

export interface RunResult {
  readonly experiment: string;
  readonly id: string;
  /** Rows of the run's trials that are done, in grid order. */
  readonly rows: readonly StoredRow[];
  readonly state: Status["state"];
  readonly done: number;
  readonly total: number;
  readonly failures: readonly Failure[];
  /** Absent without a store. */
  readonly folder?: string;
}

const heartbeat = 5000;

/** A run without a store. */
function inMemory(): OpenRun {
  return {
    folder: "",
    rows: [],
    done: new Set(),
    append: () => {},
    adopt: () => {},
    status: () => {},
    discardEmpty: () => {},
    close: () => {},
  };
}

function checksums(experiment: Experiment, parameters: ParameterRecord, dataDir: string | undefined) {
  const uses = experiment.data?.(parameters) ?? [];
  const sets = uses.map((use) => [`${use.name}/${use.split}`, loadData(use.name, use.split, dataDir)] as const);
  const data = Object.fromEntries(sets.map(([name, set]) => [name, set.checksum]));
  return { data, identity: sets.every(([, set]) => set.standard) ? undefined : data };
}

function planTrials(
  experiment: Experiment,
  scale: Scale,
  overrides: ParameterRecord,
  seed: number,
  data: Readonly<Record<string, string>> | undefined,
): Trial[] {
  return trialParameters(experiment, scale, overrides).map((parameters) => ({
    id: trialId(experiment.id, parameters, seed, data),
    experiment: experiment.id,
    parameters,
    seed,
  }));
}

/**
 * Runs the trials that the store does not have (those of other runs are copied). Aborting stops cleanly: what is stored stays, and the same call
 * continues. A trial that fails is reported with its parameters, and tried again by the next call.
 * @throws UsageError on wrong parameters; DataError if the store is held, of another version, or cannot be written.
 */
export async function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<RunResult> {
  const { scale = "quick", seed = 0, signal = new AbortController().signal } = options;
  const overrides = readParameters(experiment, options.parameters ?? {});
  const parameters = resolveParameters(experiment, scale, overrides);
  const { data, identity } = checksums(experiment, parameters, options.dataDir);
  const trials = planTrials(experiment, scale, overrides, seed, identity);
  const id = runId(experiment.id, scale, overrides, seed, identity);
  const started = [provenance()];
  const params = { experiment: experiment.id, id, scale, seed, numerics: numericsVersion, overrides, parameters, data };
  const full = { ...params, engine: options.engine ?? null, provenance: started };
  const run = options.store === undefined ? inMemory() : openRun(options.store, full);
  try {
    return await execute(experiment, trials, id, run, signal, options);
  } finally {
    run.close();
  }
}

async function execute(
  experiment: Experiment,
  trials: readonly Trial[],
  id: string,
  run: OpenRun,
  signal: AbortSignal,
  options: RunOptions,
): Promise<RunResult> {
  const cost = (trial: Trial): number => experiment.cost?.(trial.parameters) ?? 1;
  const sum = (list: readonly Trial[]): number => list.reduce((total, trial) => total + cost(trial), 0);
  const rows = new Map<string, RowIdentity[]>(trials.filter((t) => run.done.has(t.id)).map((t) => [t.id, []]));
  for (const row of run.rows) rows.get(row.trial)?.push(row);
  const wanted = new Set(trials.flatMap((trial) => (rows.has(trial.id) ? [] : [trial.id])));
  const elsewhere = options.store === undefined ? [] : [...findTrials(options.store, experiment.id, wanted)];
  if (elsewhere.length > 0) run.adopt(elsewhere.flatMap(([, measured]) => measured));
  for (const [trial, measured] of elsewhere) rows.set(trial, measured);
  const missing = trials.filter((trial) => !rows.has(trial.id));
  const failures: Failure[] = [];
  const costs = new Map(missing.map((trial) => [trial.id, cost(trial)]));
  const shares = new Map<string, number>();
  let finished = sum(trials) - sum(missing);
  const line = options.progress?.(sum(trials), finished);
  const inFlight = (): number => [...shares].reduce((total, [id, share]) => total + share * (costs.get(id) ?? 0), 0);
  const note = (): string =>
    `${rows.size} of ${trials.length} trials${failures.length > 0 ? `, ${failures.length} failed` : ""}`;
  const show = (): void => line?.update(finished + inFlight(), note());
  const report = (state: Status["state"]): void =>
    run.status({ state, done: rows.size, total: trials.length, failures });
  const stop = new AbortController();
  let broken: unknown;
  const beat = setInterval(() => {
    try {
      report("running");
    } catch (error) {
      broken = error;
      stop.abort();
    }
  }, heartbeat);
  const finish = (trial: Trial): void => {
    shares.delete(trial.id);
    finished += cost(trial);
    show();
  };
  try {
    report("running");
    show();
    await runTrials(experiment, missing, {
      workers: options.workers ?? availableParallelism(),
      registry: options.registry,
      dataDir: options.dataDir,
      backend: options.backend,
      signal: AbortSignal.any([signal, stop.signal]),
      onRows(trial, measured): void {
        run.append(trial, measured);
        rows.set(trial.id, measured.length === 0 ? [] : storedRows(trial, measured));
        finish(trial);
      },
      onFailure(trial, error): void {
        failures.push({ trial: trial.id, parameters: trial.parameters, error });
        finish(trial);
      },
      onProgress(trial, share): void {
        shares.set(trial, share);
        show();
      },
    });
    if (broken !== undefined) throw broken;
  } catch (error) {
    if (error instanceof UsageError) run.discardEmpty();
    else if (!(error instanceof DataError)) report("failed");
    throw error;
  } finally {
    clearInterval(beat);
    line?.end();
  }
  const missed = trials.length - rows.size - failures.length;
  const state = missed > 0 ? "interrupted" : failures.length > 0 ? "failed" : "complete";
  report(state);
  return {
    experiment: experiment.id,
    id,
    rows: trials.flatMap((trial) => (rows.get(trial.id) ?? []) as StoredRow[]),
    state,
    done: rows.size,
    total: trials.length,
    failures,
    ...(run.folder === "" ? {} : { folder: run.folder }),
  };
}

/** What to tell the user whose run was interrupted. */
export function howToContinue(result: RunResult): string {
  const stored = `interrupted: ${result.done} of ${result.total} trials are done`;
  return result.folder === undefined
    ? `${stored}; nothing is stored`
    : `${stored} and stored; the same command continues`;
}
