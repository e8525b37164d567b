/** One trial, here or in a worker. */

import type { ImageSet, Images, Split } from "../data/image-set.ts";
import { inMemory, loadImages } from "../data/index.ts";
import type { Experiment } from "./experiment.ts";
import type { Trial } from "./trial.ts";

/** Where data sets are read from, and whether bad images are left out. */
export interface DataPlace {
  readonly dataDir?: string | undefined;
  readonly skipBad?: boolean | undefined;
}

/** What a trial may depend on beside its parameters, none of which changes a number of its rows. */
export interface Place extends DataPlace {
  /** Default "auto". */
  readonly backend?: string | undefined;
}

const read = new Map<string, Images>();
const loaded = new Map<string, ImageSet>();

/** A split of a data set (default: the first it has) as its reader yields it, once per process or worker. @throws DataError as its reader does. */
export function readData(name: string, split?: Split, place: DataPlace = {}): Images {
  const key = JSON.stringify([name, split, place]);
  const set = read.get(key) ?? loadImages(name, { split, ...place });
  read.set(key, set);
  return set;
}

/** The same with all pixels as bytes in memory. */
export function loadData(name: string, split?: Split, dataDir?: string): ImageSet {
  const key = JSON.stringify([name, split, dataDir]);
  const set = loaded.get(key) ?? inMemory(readData(name, split, { dataDir }));
  loaded.set(key, set);
  return set;
}

export interface ExecuteOptions extends Place {
  readonly signal: AbortSignal;
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
    backend: options.backend ?? "auto",
    signal: options.signal,
    data: (name, split) => loadData(name, split, options.dataDir),
    images: (name, split) => readData(name, split, { dataDir: options.dataDir, skipBad: options.skipBad }),
    progress: options.progress,
  });
}
