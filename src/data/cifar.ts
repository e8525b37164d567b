/** CIFAR-10 and CIFAR-100 in their binary form: a folder of .bin files, or the published tar.gz. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { DataError } from "../base/errors.ts";
import { type LoadOptions, splitOf } from "./data-set.ts";
import { type BadImage, type ImageSet, type Split, withoutBad } from "./image-set.ts";
import { fileSize, findUnder, isDirectory, notFound, readBytes, sha256 } from "./read-file.ts";

interface CifarSet {
  readonly name: "cifar10" | "cifar100";
  readonly classes: number;
  /** Bytes before the pixels of a record; the last one is the label. */
  readonly labelBytes: number;
  readonly files: Readonly<Record<CifarSplit, readonly string[]>>;
  readonly places: readonly string[];
  readonly archive: string;
  /** SHA-256 of the published files and of the archive. */
  readonly checksums: Readonly<Record<string, string>>;
}

const batches = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);

/** Checksums: of the archives as TensorFlow Datasets lists them, of the files inside as torchvision-ruby does. */
const sets: Readonly<Record<"cifar10" | "cifar100", CifarSet>> = {
  cifar10: {
    name: "cifar10",
    classes: 10,
    labelBytes: 1,
    files: { train: batches, test: ["test_batch.bin"] },
    places: ["cifar10", "cifar-10-batches-bin", "cifar-10-binary.tar.gz"],
    archive: "cifar-10-binary.tar.gz",
    checksums: {
      "cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
      "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
      "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
      "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
      "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
      "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
      "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    },
  },
  cifar100: {
    name: "cifar100",
    classes: 100,
    labelBytes: 2,
    files: { train: ["train.bin"], test: ["test.bin"] },
    places: ["cifar100", "cifar-100-binary", "cifar-100-binary.tar.gz"],
    archive: "cifar-100-binary.tar.gz",
    checksums: {
      "cifar-100-binary.tar.gz": "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
      "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
      "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
    },
  },
};

const pixels = 3 * 32 * 32;

const cifarSplits = ["train", "test"] as const;
type CifarSplit = (typeof cifarSplits)[number];

/** The folder or archive of a split, or undefined. */
export function cifarPlace(name: "cifar10" | "cifar100", split: Split, dataDir?: string): string | undefined {
  const set = sets[name];
  const holds = (path: string): boolean =>
    isDirectory(path)
      ? set.files[split as CifarSplit].some((file) => existsSync(join(path, file)))
      : basename(path) === set.archive;
  return dataDir === undefined ? undefined : findUnder(dataDir, set.places, holds);
}

/**
 * Visits the files of an archive of these bytes. They are inflated before they are read: the reader of archives stops at the last
 * entry, and the checksum of all that it has read comes after that.
 * @throws DataError for a damaged or truncated archive
 */
function readArchive(place: string, bytes: Uint8Array, visit: (entry: ReadEntry) => void): void {
  const onReadEntry = (entry: ReadEntry): void => {
    visit(entry);
    entry.resume();
  };
  try {
    new Parser({ strict: true, onReadEntry }).end(gunzipSync(bytes));
  } catch (error) {
    const { message } = error as Error;
    throw new DataError(`${basename(place)}: damaged or truncated archive (${message})`, { cause: error });
  }
}

/** The wanted files of an archive, by base name. */
function untar(place: string, archive: Uint8Array, wanted: readonly string[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  readArchive(place, archive, (entry) => {
    const name = basename(entry.path);
    if (!wanted.includes(name)) return;
    const chunks: Uint8Array[] = [];
    entry.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    entry.on("end", () => found.set(name, Buffer.concat(chunks)));
  });
  return found;
}

/** Bytes of the wanted files of an archive, without keeping them. */
function sizesInside(place: string, wanted: readonly string[]): number {
  let bytes = 0;
  readArchive(place, readBytes(place), (entry) => {
    if (wanted.includes(basename(entry.path))) bytes += entry.size;
  });
  return bytes;
}

/** Number of records of a split in a folder or an archive, from the sizes of its files. @throws DataError */
export function countCifar(name: "cifar10" | "cifar100", split: Split, place: string): number {
  const set = sets[name];
  const names = set.files[split as CifarSplit].filter((file) => !isDirectory(place) || existsSync(join(place, file)));
  const bytes = isDirectory(place)
    ? names.reduce((sum, file) => sum + fileSize(join(place, file)), 0)
    : sizesInside(place, names);
  return Math.floor(bytes / (set.labelBytes + pixels));
}

interface Files {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly standard: boolean;
}

function readFiles(set: CifarSet, place: string, names: readonly string[]): Files {
  const archive = isDirectory(place) ? undefined : readBytes(place);
  const inside = archive && untar(place, archive, names);
  const files = names.map((name) => {
    const bytes = inside === undefined ? readBytes(join(place, name)) : inside.get(name);
    if (bytes === undefined) throw new DataError(`${basename(place)}: ${name} is not in the archive`);
    return { name, bytes };
  });
  const archived = archive !== undefined && sha256(archive) === set.checksums[set.archive];
  return { files, standard: archived || files.every(({ name, bytes }) => sha256(bytes) === set.checksums[name]) };
}

function load(set: CifarSet, options: LoadOptions): ImageSet {
  const split = splitOf(set.name, options, cifarSplits);
  const names = set.files[split];
  const place = cifarPlace(set.name, split, options.dataDir);
  if (place === undefined) {
    throw notFound(set.name, options.dataDir, `${names[0]} .. in it or in ${set.places.join(", ")}`);
  }
  const { files, standard } = readFiles(set, place, names);
  const record = set.labelBytes + pixels;
  for (const { name, bytes } of files) {
    if (bytes.length % record === 0 && bytes.length > 0) continue;
    throw new DataError(
      `${name}: truncated in record ${Math.floor(bytes.length / record)}: found ${bytes.length} bytes, ` +
        `expected a multiple of ${record}`,
    );
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const [images, labels] = [new Uint8Array(count * pixels), new Uint8Array(count)];
  const bad: BadImage[] = [];
  let index = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += record, index++) {
      const label = bytes[at + set.labelBytes - 1];
      labels[index] = label;
      images.set(bytes.subarray(at + set.labelBytes, at + record), index * pixels);
      if (label < set.classes) continue;
      const where = `${name}: found label ${label} in record ${at / record}`;
      bad.push({ index, reason: `${where}, expected 0 to ${set.classes - 1}` });
    }
  }
  const kept = withoutBad(images, labels, pixels, bad, options.skipBad);
  return {
    name: set.name,
    split,
    count: kept.labels.length,
    ...{ channels: 3, height: 32, width: 32, classes: set.classes },
    images: kept.pixels,
    labels: kept.labels,
    checksum: `sha256:${sha256(...files.map(({ bytes }) => bytes))}`,
    standard,
    variant: standard ? "published files" : "unverified copy",
    skipped: kept.skipped,
  };
}

/** Labels 0 to 9, pixels [count, 3, 32, 32], in file order. @throws DataError naming file and record */
export function loadCifar10(options: LoadOptions = {}): ImageSet {
  return load(sets.cifar10, options);
}

/** Fine labels 0 to 99, pixels [count, 3, 32, 32], in file order. @throws DataError naming file and record */
export function loadCifar100(options: LoadOptions = {}): ImageSet {
  return load(sets.cifar100, options);
}
