/** Runs trials in worker threads, or here where there are none. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import { DataError, UsageError } from "../base/errors.ts";
import { executeTrial, type Place } from "./execute.ts";
import type { Experiment } from "./experiment.ts";
import { packageDirectory } from "./provenance.ts";
import type { Trial } from "./trial.ts";
import type { WorkerProgress, WorkerResult, WorkerTask } from "./worker.ts";

export interface PoolOptions {
  /** Worker threads; 0 runs the trials in this one. */
  readonly workers: number;
  /** URL of the module whose export `experiments` has the experiment; without it, trials run here. */
  readonly registry?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly skipBad?: boolean | undefined;
  readonly backend?: string | undefined;
  readonly signal: AbortSignal;
  /** A trial is done. What it throws ends the run. */
  readonly onRows: (trial: Trial, rows: readonly object[]) => void;
  /** A trial threw, or its worker died; the others go on. */
  readonly onFailure: (trial: Trial, error: string) => void;
  readonly onProgress: (trial: string, share: number) => void;
}

/** The file that a worker thread can load for a module: itself, or its build. */
function loadable(url: string): string | undefined {
  if (!url.endsWith(".ts")) return url;
  const root = packageDirectory();
  const built = join(root, "dist", relative(root, fileURLToPath(url)).replace(/\.ts$/, ".js"));
  return existsSync(built) ? pathToFileURL(built).href : undefined;
}

const placeOf = ({ dataDir, skipBad, backend }: PoolOptions): Place => ({ dataDir, skipBad, backend });

type Execute = (trial: Trial, signal: AbortSignal) => Promise<WorkerResult>;

function here(experiment: Experiment, options: PoolOptions): Execute {
  return async (trial, signal) => {
    const progress = (share: number): void => options.onProgress(trial.id, share);
    return { rows: await executeTrial(experiment, trial, { ...placeOf(options), signal, progress }) };
  };
}

function inWorker(pool: Piscina, registry: string, options: PoolOptions): Execute {
  pool.on("message", ({ trial, share }: WorkerProgress) => options.onProgress(trial, share));
  return async (trial, signal) => {
    const task: WorkerTask = { registry, trial, place: placeOf(options) };
    return (await pool.run(task, { signal })) as WorkerResult;
  };
}

/** Wrong input and unusable data end the run: every other trial would meet them too. */
function rethrow(error: { readonly name: string; readonly message: string }): void {
  if (["UsageError", "ShapeError"].includes(error.name)) throw new UsageError(error.message);
  if (error.name === "DataError") throw new DataError(error.message);
}

async function drain(trials: Trial[], execute: Execute, options: PoolOptions, stop: AbortController): Promise<void> {
  for (let trial = trials.shift(); trial !== undefined && !stop.signal.aborted; trial = trials.shift()) {
    let result: WorkerResult;
    try {
      result = await execute(trial, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) return;
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      result = { error: { name, message } };
    }
    if (stop.signal.aborted) return;
    if ("rows" in result) options.onRows(trial, result.rows);
    else {
      rethrow(result.error);
      options.onFailure(trial, `${result.error.name}: ${result.error.message}`);
    }
  }
}

/**
 * Runs the trials in order, as many at a time as there are workers; returns when all are done or `signal` aborts.
 * @throws UsageError or DataError if a trial does (the run ends), and whatever `onRows` throws.
 */
export async function runTrials(experiment: Experiment, trials: readonly Trial[], options: PoolOptions): Promise<void> {
  const registry = options.registry === undefined ? undefined : loadable(options.registry);
  const worker = loadable(new URL(import.meta.url.endsWith(".ts") ? "worker.ts" : "worker.js", import.meta.url).href);
  const workers = Math.min(options.workers, trials.length);
  const threaded = workers > 0 && registry !== undefined && worker !== undefined;
  const pool = threaded
    ? new Piscina({ filename: worker, minThreads: workers, maxThreads: workers, atomics: "disabled" })
    : undefined;
  const execute = pool === undefined ? here(experiment, options) : inWorker(pool, registry as string, options);
  const queue = [...trials];
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  options.signal.addEventListener("abort", abort);
  if (options.signal.aborted) stop.abort();
  try {
    const lanes = Array.from({ length: pool === undefined ? 1 : workers }, () => drain(queue, execute, options, stop));
    const ended = await Promise.allSettled(
      lanes.map((lane) =>
        lane.catch((error: unknown) => {
          stop.abort();
          throw error;
        }),
      ),
    );
    const failed = ended.find((lane) => lane.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    options.signal.removeEventListener("abort", abort);
    await pool?.destroy();
  }
}
