/** The registry of data sets: one line each. */
import { UsageError, unknown } from "../base/errors.ts";
import type { ImageSet, Split } from "./image-set.ts";
import { loadMnist, mnistPackageDirectory } from "./mnist.ts";

export { type Idx, parseIdx, readIdx } from "./idx.ts";
export { type ImageSet, type Split, scaled } from "./image-set.ts";
export { loadMnist, mnistChecksums } from "./mnist.ts";
export { type Npy, parseNpy } from "./npy.ts";
export { type NumberTable, parseCsv, readTable } from "./table.ts";

export interface DataSet {
  readonly name: string;
  readonly title: string;
  /** Whether it can be loaded without `dataDir`. */
  installed(): boolean;
  load(options: { readonly dataDir?: string; readonly split?: Split }): ImageSet;
}

export const dataSets: readonly DataSet[] = [
  {
    name: "mnist",
    title: "MNIST handwritten digits, 60,000 + 10,000",
    installed: () => mnistPackageDirectory() !== undefined,
    load: loadMnist,
  },
];

/** Data sets of the papers without a reader so far. */
const announced: readonly string[] = ["cifar10", "svhn", "imagenet"];

/** Throws UsageError with the near name on a typo. */
export function dataSetNamed(name: string): DataSet {
  const found = dataSets.find((set) => set.name === name);
  if (found !== undefined) return found;
  const names = dataSets.map((set) => set.name);
  if (announced.includes(name)) {
    throw new UsageError(`data set ${name} is not there yet; known: ${names.join(", ")}`);
  }
  throw unknown("data set", name, names);
}
