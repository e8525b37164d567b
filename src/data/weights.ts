/** Weights in and out: named tensors in .safetensors, .npz or .npy files. */
import { basename, extname } from "node:path";
import { DataError, nearest, UsageError } from "../base/errors.ts";
import { writeOutput } from "../base/files.ts";
import { type Shape, showShape } from "../base/shape.ts";
import type { TensorData } from "./element-types.ts";
import { encodeNpy, parseNpy, type Tensor } from "./npy.ts";
import { encodeNpz, parseNpz } from "./npz.ts";
import { readBytes } from "./read-file.ts";
import { encodeSafetensors, parseSafetensors } from "./safetensors.ts";

interface FileKind {
  parse(bytes: Uint8Array, name: string): Map<string, Tensor>;
  encode(tensors: ReadonlyMap<string, Tensor>, name: string): Uint8Array;
}

/** The one array of an .npy file has the file's name. */
const npy: FileKind = {
  parse: (bytes, name) => new Map([[name.replace(/\.npy$/, ""), parseNpy(bytes, name)]]),
  encode: (tensors, name) => {
    if (tensors.size !== 1) throw new UsageError(`${name}: .npy holds one array, found ${tensors.size}; write .npz`);
    return encodeNpy([...tensors.values()][0], name);
  },
};

const kinds: Readonly<Record<string, FileKind>> = {
  ".safetensors": { parse: (bytes, name) => parseSafetensors(bytes, name).tensors, encode: encodeSafetensors },
  ".npz": { parse: parseNpz, encode: encodeNpz },
  ".npy": npy,
};

function kindOf(path: string): FileKind {
  const kind = kinds[extname(path)];
  if (kind !== undefined) return kind;
  throw new UsageError(`${basename(path)}: expected a file name that ends in ${Object.keys(kinds).join(", ")}`);
}

/** Reads named tensors; the extension says how. @throws DataError naming file and tensor */
export function readTensors(path: string): Map<string, Tensor> {
  return kindOf(path).parse(readBytes(path), basename(path));
}

/** Writes named tensors, whole or not at all; the extension says how. @throws DataError */
export function writeTensors(path: string, tensors: ReadonlyMap<string, Tensor>): void {
  writeOutput(path, kindOf(path).encode(tensors, basename(path)));
}

/**
 * The values of exactly these parameters, in their order.
 * @param name How errors call the file.
 * @throws DataError for a parameter that is missing (with the near name), one too many, or another shape
 */
export function weightsFor(
  tensors: ReadonlyMap<string, Tensor>,
  shapes: Readonly<Record<string, Shape>>,
  name: string,
): Record<string, TensorData> {
  const spare = [...tensors.keys()].filter((key) => !Object.hasOwn(shapes, key));
  const weights = Object.entries(shapes).map(([key, shape]) => {
    const tensor = tensors.get(key);
    if (tensor === undefined) {
      const near = nearest(key, spare);
      throw new DataError(`${name}: no tensor '${key}'${near === undefined ? "" : `; did you mean '${near}'?`}`);
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((extent, axis) => extent !== shape[axis])) {
      throw new DataError(`${name}: '${key}' is ${showShape(tensor.shape)}, expected ${showShape(shape)}`);
    }
    return [key, tensor.values] as const;
  });
  if (spare.length > 0)
    throw new DataError(`${name}: ${spare.length} tensors too many: ${spare.slice(0, 3).join(", ")}`);
  return Object.fromEntries(weights);
}
