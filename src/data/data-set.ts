/** What the registry knows about a data set. */
import { UsageError } from "../base/errors.ts";
import type { Images, Split } from "./image-set.ts";

export interface LoadOptions {
  /** The folder of the data sets, or of this one (docs/data.md). */
  readonly dataDir?: string | undefined;
  /** Default: the first split that is there. */
  readonly split?: Split | undefined;
  /** Leave out images that are damaged, labelled out of range or not finite, instead of refusing the set. */
  readonly skipBad?: boolean | undefined;
  /** Side of the center crop that pictures of their own sizes are read at (default 224). */
  readonly size?: number | undefined;
  /** Called while pictures are decoded in advance. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface DataSet {
  readonly name: string;
  readonly title: string;
  readonly splits: readonly Split[];
  /** Published number of images per split, where there is one. */
  readonly published: Readonly<Partial<Record<Split, number>>>;
  /** Name of the normalisation that the papers use. */
  readonly normalisation: string;
  /** How to obtain it: nothing is downloaded here. */
  readonly obtain: string;
  /** The file or folder that a split would be read from, or undefined. */
  find(split: Split, dataDir?: string): string | undefined;
  /** Number of images of a split at the place that `find` gave, without reading pixels where that is possible. @throws DataError */
  count(split: Split, place: string): number;
  /** Whether it can be loaded without `dataDir`. */
  installed(): boolean;
  load(options: LoadOptions): Images;
}

/** The split that is asked for (default: the first). @throws UsageError for one that the set does not have */
export function splitOf<S extends Split>(name: string, { split }: LoadOptions, known: readonly S[]): S {
  if (split === undefined) return known[0];
  const found = known.find((one) => one === split);
  if (found === undefined) throw new UsageError(`${name} has no split '${split}'; it has ${known.join(", ")}`);
  return found;
}
