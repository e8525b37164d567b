/** Inputs of init studies by name (papers/bn-relu 3.2): independent samples, and samples that resemble each other. */
import { UsageError, unknown } from "../../base/errors.ts";
import { type Stream, stream } from "../../base/random.ts";
import type { Images } from "../../data/image-set.ts";
import { BatchLoader } from "../../data/loader.ts";

/** `data`: the images of a data set, normalised as its papers do. */
export type InputSpec =
  | { readonly kind: "gaussian" }
  | { readonly kind: "uniform"; readonly correlation: number }
  | { readonly kind: "clusters"; readonly clusters: number; readonly correlation: number }
  | { readonly kind: "lowrank"; readonly rank: number }
  /** White noise smoothed by passes of the 5-point mean, rescaled to variance 1: images only. */
  | { readonly kind: "smooth"; readonly passes: number }
  | { readonly kind: "data"; readonly name: string };

const dataNames = ["mnist", "cifar10"];
const names = ["gaussian", "uniform:R", "clusters:K:R", "lowrank:K", "smooth:P", ...dataNames];

/** "clusters:4:0.99". @throws UsageError with the near name, or on numbers out of range */
export function inputNamed(text: string): InputSpec {
  const [head, ...rest] = text.split(":");
  const arity = { gaussian: 0, uniform: 1, clusters: 2, lowrank: 1, smooth: 1, mnist: 0, cifar10: 0 }[head];
  if (arity === undefined) throw unknown("input", text, names);
  if (rest.length !== arity) {
    throw new UsageError(`input '${text}': expected ${names.find((name) => name.startsWith(head))}`);
  }
  const count = (k: number): number => {
    const value = Number(rest[k]);
    if (!(Number.isInteger(value) && value >= 1 && value <= 1e6)) {
      throw new UsageError(`input '${text}': found ${rest[k]}, expected a whole number from 1`);
    }
    return value;
  };
  const correlation = (k: number): number => {
    const value = Number(rest[k]);
    if (rest[k] === "" || !(value >= 0 && value <= 1)) {
      throw new UsageError(`input '${text}': correlation ${rest[k]}, expected a number in [0, 1]`);
    }
    return value;
  };
  switch (head) {
    case "gaussian":
      return { kind: "gaussian" };
    case "uniform":
      return { kind: "uniform", correlation: correlation(0) };
    case "clusters":
      return { kind: "clusters", clusters: count(0), correlation: correlation(1) };
    case "lowrank":
      return { kind: "lowrank", rank: count(0) };
    case "smooth":
      return { kind: "smooth", passes: count(0) };
    default:
      return { kind: "data", name: head };
  }
}

const normals = (draws: Stream, count: number): Float64Array =>
  Float64Array.from({ length: count }, () => draws.normal());

/** sqrt(1 - R) z_i + sqrt(R) c_(i mod K); z are the draws of "gaussian", the common parts c come after them. */
function clustered(draws: Stream, batch: number, size: number, clusters: number, correlation: number): Float64Array {
  const own = normals(draws, batch * size);
  const centres = normals(draws, clusters * size);
  const [alone, common] = [Math.sqrt(1 - correlation), Math.sqrt(correlation)];
  return own.map((z, at) => {
    const row = Math.floor(at / size);
    return alone * z + common * centres[(row % clusters) * size + (at - row * size)];
  });
}

function lowRank(draws: Stream, batch: number, size: number, rank: number): Float64Array {
  const left = normals(draws, batch * rank);
  const right = normals(draws, rank * size);
  const x = new Float64Array(batch * size);
  for (let i = 0; i < batch; i++) {
    for (let k = 0; k < rank; k++) {
      const factor = left[i * rank + k] / Math.sqrt(rank);
      for (let j = 0; j < size; j++) x[i * size + j] += factor * right[k * size + j];
    }
  }
  return x;
}

/** Every plane by the mean of a pixel and its four neighbours, edges repeated round; the whole scaled to variance 1. */
function smooth(draws: Stream, batch: number, shape: readonly number[], passes: number): Float64Array {
  const [, high, wide] = shape;
  let x = normals(draws, batch * shape.reduce((a, b) => a * b, 1));
  for (let pass = 0; pass < passes; pass++) {
    x = x.map((own, at) => {
      const plane = at - (at % (high * wide));
      const [row, column] = [Math.floor((at - plane) / wide), at % wide];
      const pixel = (r: number, c: number): number => x[plane + ((r + high) % high) * wide + ((c + wide) % wide)];
      return (
        (own + pixel(row - 1, column) + pixel(row + 1, column) + pixel(row, column - 1) + pixel(row, column + 1)) / 5
      );
    });
  }
  const scale = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
  return x.map((value) => value / scale);
}

export interface InputDraw {
  readonly batch: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly seed: number;
  /** Images of the data set, for `data`. */
  readonly images?: Images;
  /** Filled with the labels of the data set's images, where given. */
  readonly labels?: Int32Array;
}

/** [batch, ...shape]. Of a data set mini-batch number `seed` of its file order. @throws UsageError where images do not fit */
export function drawInputs(spec: InputSpec, { batch, shape, seed, images, labels }: InputDraw): Float64Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const draws = stream(seed, "propagation/x");
  switch (spec.kind) {
    case "gaussian":
      return normals(draws, batch * size);
    case "uniform":
      return clustered(draws, batch, size, 1, spec.correlation);
    case "clusters":
      return clustered(draws, batch, size, spec.clusters, spec.correlation);
    case "lowrank":
      return lowRank(draws, batch, size, spec.rank);
    case "smooth":
      if (shape.length !== 3) throw new UsageError("input smooth: expected images, as --model conv has them");
      return smooth(draws, batch, shape, spec.passes);
    case "data": {
      if (images === undefined) throw new UsageError(`input ${spec.name}: no images`);
      const loader = new BatchLoader(images, { batch, dropLast: true });
      if (loader.shape.reduce((a, b) => a * b, 1) !== size) {
        throw new UsageError(
          `input ${spec.name}: images of ${loader.shape.join(" x ")}, expected ${shape.join(" x ")}`,
        );
      }
      const x = new Float64Array(batch * size);
      loader.write(0, seed % loader.batches, x, labels ?? new Int32Array(batch));
      return x;
    }
  }
}
