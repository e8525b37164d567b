/** One trial, here or in a worker. */

import type { ImageSet, Split } from "../data/image-set.ts";
import { inMemory, loadImages } from "../data/index.ts";
import type { Experiment } from "./experiment.ts";
import type { Trial } from "./trial.ts";

const loaded = new Map<string, ImageSet>();

/** A split of a data set (default: the first it has), loaded once per process or worker. @throws DataError as its reader does. */
export function loadData(name: string, split?: Split, dataDir?: string): ImageSet {
  const key = JSON.stringify([name, split, dataDir]);
  const set = loaded.get(key) ?? inMemory(loadImages(name, { split, dataDir }));
  loaded.set(key, set);
  return set;
}

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  readonly dataDir?: string | undefined;
  readonly progress: (share: number) => void;
}

/** The rows of a trial. */
export async function executeTrial(
  experiment: Experiment,
  trial: Trial,
  options: ExecuteOptions,
): Promise<readonly object[]> {
  return await experiment.trial(trial.parameters, {
    seed: trial.seed,
    id: trial.id,
    signal: options.signal,
    data: (name, split) => loadData(name, split, options.dataDir),
    progress: options.progress,
  });
}
