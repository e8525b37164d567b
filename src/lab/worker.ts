/** Entry of a worker thread: imports the registry of experiments once, then runs the trials it is handed. */
import { parentPort } from "node:worker_threads";
import { unknown } from "../base/errors.ts";
import { executeTrial, type Place } from "./execute.ts";
import type { Experiment } from "./experiment.ts";
import type { Trial } from "./trial.ts";

export interface WorkerTask {
  /** URL of a module that exports `experiments`. */
  readonly registry: string;
  readonly trial: Trial;
  readonly place: Place;
}

/** Errors cross the thread as data, since a structured clone forgets their class. */
export type WorkerResult =
  | { readonly rows: readonly object[] }
  | { readonly error: { readonly name: string; readonly message: string } };

export interface WorkerProgress {
  readonly trial: string;
  readonly share: number;
}

export default async function run(task: WorkerTask): Promise<WorkerResult> {
  try {
    const { experiments } = (await import(task.registry)) as { experiments: readonly Experiment[] };
    const found = experiments.find((experiment) => experiment.id === task.trial.experiment);
    if (found === undefined) {
      throw unknown(
        "experiment",
        task.trial.experiment,
        experiments.map((experiment) => experiment.id),
      );
    }
    let reported = 0;
    const progress = (share: number): void => {
      if (share < reported + 0.01) return;
      reported = share;
      parentPort?.postMessage({ trial: task.trial.id, share } satisfies WorkerProgress);
    };
    const signal = new AbortController().signal;
    return { rows: await executeTrial(found, task.trial, { ...task.place, signal, progress }) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
}
