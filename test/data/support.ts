/** Small files of every format, written by the tests themselves, and vectors of other programs. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";

export const folder = (): string => mkdtempSync(join(tmpdir(), "nonsmooth-data-"));

/** Writes files under a new folder and returns it. */
export function folderWith(files: Readonly<Record<string, Uint8Array | string>>): string {
  const root = folder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return root;
}

export interface PictureVector {
  readonly file: string;
  readonly height: number;
  readonly width: number;
  readonly pixels: string;
}

interface Vectors {
  readonly npy: readonly { file: string; dtype: string; shape: number[]; values: (string | number)[] }[];
  readonly structured: string;
  readonly objects: string;
  readonly npz: Readonly<Record<string, string>>;
  readonly mat: Readonly<Record<string, string>>;
  readonly pixels: string;
  readonly labels: readonly number[];
  readonly pictures: Readonly<Record<string, PictureVector>>;
  readonly resize: { height: number; width: number; pixels: string; results: Omit<PictureVector, "file">[] };
  readonly normalised: Readonly<Record<string, string>>;
  readonly bits: Readonly<Record<string, string>>;
}

/** What scripts/oracle/data.py wrote. */
export const vectors: Vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/data.json"), "utf8"));

export const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));

/** Pixels that no two images share. */
export const pixel = (i: number): number => (i * 131 + (i >> 8) * 17) & 255;

/** CIFAR records: label bytes, then 3072 pixels. */
export function cifarRecords(labels: readonly (readonly number[])[]): Uint8Array {
  const pixels = (image: number): number[] => Array.from({ length: 3072 }, (_, i) => pixel(image * 3072 + i));
  return Uint8Array.from(labels.flatMap((label, image) => [...label, ...pixels(image)]));
}

const [int8, uint8, int32, uint32, double, matrix, compressed] = [1, 2, 5, 6, 9, 14, 15];

function element(type: number, bytes: Uint8Array, little: boolean): Uint8Array {
  const result = new Uint8Array(8 + Math.ceil(bytes.length / 8) * 8);
  const view = new DataView(result.buffer);
  view.setUint32(0, type, little);
  view.setUint32(4, bytes.length, little);
  result.set(bytes, 8);
  return result;
}

const words = (values: readonly number[], little: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setUint32(4 * i, value, little);
  });
  return new Uint8Array(view.buffer);
};

export interface MatOptions {
  readonly little?: boolean;
  readonly compress?: boolean;
  readonly doubles?: boolean;
}

/** One array of a MAT-file: `values` column-major, as bytes or doubles. */
export function matArray(
  name: string,
  shape: readonly number[],
  values: readonly number[],
  options: MatOptions = {},
): Uint8Array {
  const { little = true, compress = false, doubles = false } = options;
  const data = new DataView(new ArrayBuffer(values.length * (doubles ? 8 : 1)));
  values.forEach((value, i) => {
    if (doubles) data.setFloat64(8 * i, value, little);
    else data.setUint8(i, value);
  });
  const parts = [
    element(uint32, words([doubles ? 6 : 9, 0], little), little),
    element(int32, words(shape, little), little),
    element(int8, new TextEncoder().encode(name), little),
    element(doubles ? double : uint8, new Uint8Array(data.buffer), little),
  ];
  const whole = element(matrix, Buffer.concat(parts), little);
  if (!compress) return whole;
  const packed = deflateSync(whole);
  return Buffer.concat([words([compressed, packed.length], little), packed]);
}

/** A MAT-file of level 5. */
export function matFile(arrays: readonly Uint8Array[], little = true): Uint8Array {
  const header = new Uint8Array(128).fill(0x20);
  new DataView(header.buffer).setUint16(124, 0x0100, little);
  header.set(new TextEncoder().encode(little ? "IM" : "MI"), 126);
  return Buffer.concat([header, ...arrays]);
}
