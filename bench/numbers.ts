/** Operands of benchmarks: the same numbers for every contender. */
import { stream } from "../src/base/random.ts";

/** `size` numbers, uniform on [-1/2, 1/2), from a stream of that name. */
export function numbers(name: string, size: number): Float64Array {
  const draws = stream(0, `bench/${name}`);
  return Float64Array.from({ length: size }, () => draws.uniform() - 0.5);
}

/** `size` class labels 0 .. `classes` - 1. */
export function labels(name: string, size: number, classes: number): Int32Array {
  return Int32Array.from(numbers(name, size), (x) => Math.floor((x + 0.5) * classes));
}
