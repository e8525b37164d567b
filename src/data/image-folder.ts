/** Photographs in folders, one folder per class (ImageNet): decoded when asked for. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { DataError, UsageError } from "../base/errors.ts";
import { type LoadOptions, splitOf } from "./data-set.ts";
import type { PictureSet, Split } from "./image-set.ts";
import { decodePicture, type Picture } from "./picture.ts";
import { fileSize, findUnder, isDirectory, namesIn, notFound, readBytes } from "./read-file.ts";

const isImage = (name: string): boolean => !name.startsWith(".") && /\.(jpe?g|png)$/i.test(name);

const foldersIn = (path: string): string[] =>
  namesIn(path).filter((name) => !name.startsWith(".") && isDirectory(join(path, name)));

const imagesIn = (path: string): string[] => namesIn(path).filter(isImage);

/** The folder of class folders of a split, or undefined. */
export function imageFolder(split: Split, dataDir?: string): string | undefined {
  if (dataDir === undefined) return undefined;
  const found = findUnder(dataDir, [`imagenet/${split}`, split], isDirectory);
  if (found === undefined || found !== dataDir) return found;
  // A folder of classes is the split of its name, and "val" under any other name; a folder of data sets is none.
  const own = basename(dataDir) === "train" ? "train" : "val";
  if (split !== own) return undefined;
  return foldersIn(found).some((name) => imagesIn(join(found, name)).length > 0) ? found : undefined;
}

interface Entry {
  /** "n01440764/x.JPEG". */
  readonly name: string;
  readonly path: string;
  readonly label: number;
  readonly bytes: number;
}

function entriesOf(root: string, classes: readonly string[]): Entry[] {
  return classes.flatMap((folder, label) => {
    const names = imagesIn(join(root, folder));
    if (names.length === 0) {
      throw new DataError(
        `${basename(root)}/${folder}: no image in the folder of a class; expected .jpg, .jpeg or .png`,
      );
    }
    return names.map((name) => {
      const path = join(root, folder, name);
      return { name: `${folder}/${name}`, path, label, bytes: fileSize(path, `${folder}/${name}`) };
    });
  });
}

/** Folders beyond this are identified by names and sizes: reading them takes longer than many a measurement. */
const hashedBytes = 2 ** 30;

/** "sha256:" over names and contents, or "names-and-sizes:" over names and sizes where there is more than 1 GiB. */
function folderDigest(entries: readonly Entry[]): string {
  const whole = entries.reduce((sum, { bytes }) => sum + bytes, 0) <= hashedBytes;
  const hash = createHash("sha256");
  for (const { name, path, bytes } of entries) {
    hash.update(`${name}\0${bytes}\0`);
    if (whole) hash.update(readBytes(path, name));
  }
  return `${whole ? "sha256" : "names-and-sizes"}:${hash.digest("hex")}`;
}

const decode = ({ path, name }: Entry): Picture => decodePicture(readBytes(path, name), name);

/** The entries that decode, and why the others do not. @throws DataError where none does */
function decodable(all: readonly Entry[], progress: LoadOptions["progress"]): { entries: Entry[]; skipped: string[] } {
  const skipped: string[] = [];
  const entries = all.filter((entry, i) => {
    try {
      decode(entry);
      return true;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      skipped.push(error.message);
      return false;
    } finally {
      progress?.(i + 1, all.length);
    }
  });
  if (entries.length === 0) throw new DataError(`${skipped[0]}; no image is left`);
  return { entries, skipped };
}

/** Number of images under a folder of classes, without decoding any. */
export function countImages(root: string): number {
  return foldersIn(root).reduce((sum, folder) => sum + imagesIn(join(root, folder)).length, 0);
}

/** The shorter side before a center crop of `size`: 256 for 224, as published, and in proportion. */
export const resizeFor = (size: number): number => Math.round((size * 256) / 224);

/**
 * The images of `imagenet/<split>/<class>/*`, labelled by the place of their class among the sorted folder names.
 * With `skipBad` every image is decoded in advance.
 * @throws DataError for a missing or empty folder, a folder with no class, a class with no image
 */
export function loadImageFolder(options: LoadOptions = {}): PictureSet {
  const split = splitOf("imagenet", options, ["val", "train"]);
  const size = options.size ?? 224;
  if (!Number.isInteger(size) || size < 1)
    throw new UsageError(`imagenet: size is ${size}; expected a whole number of at least 1`);
  const root = imageFolder(split, options.dataDir);
  if (root === undefined) {
    throw notFound("imagenet", options.dataDir, `imagenet/${split}/<class>/<image>`);
  }
  const classes = foldersIn(root);
  if (classes.length === 0) {
    const found = imagesIn(root).length > 0 ? "images but no folder per class" : "an empty folder";
    throw new DataError(`imagenet: ${root}: found ${found}, expected <class>/<image>`);
  }
  if (classes.length > 65536)
    throw new DataError(`imagenet: ${root}: found ${classes.length} classes, expected at most 65536`);
  const all = entriesOf(root, classes);
  const { entries, skipped } =
    options.skipBad === true ? decodable(all, options.progress) : { entries: all, skipped: [] };
  const labels = entries.map(({ label }) => label);
  return {
    name: "imagenet",
    split,
    count: entries.length,
    ...{ channels: 3, height: size, width: size, classes: classes.length },
    labels: classes.length <= 256 ? Uint8Array.from(labels) : Uint16Array.from(labels),
    checksum: folderDigest(all),
    standard: false,
    variant: `${all.length} images of ${classes.length} classes`,
    skipped,
    picture: (index) => decode(entries[index]),
    resize: resizeFor(size),
  };
}
