/** What checks ask of a backend: numbers in, numbers out, in float64. */
import type { Program } from "../ir/program.ts";

/** Numbers by the name of an input or output, row-major. */
export type Numbers = Readonly<Record<string, ArrayLike<number>>>;

/** Runs a program once. */
export type Evaluate = (program: Program, inputs: Numbers) => Numbers;

/** sum of a[i] * b[i] over all names of `a`. */
export function dot(a: Numbers, b: Numbers): number {
  let total = 0;
  for (const [name, values] of Object.entries(a)) {
    for (let i = 0; i < values.length; i++) total += values[i] * b[name][i];
  }
  return total;
}

/** The same numbers under names with a prefix. */
export function prefixed(prefix: string, numbers: Numbers): Numbers {
  return Object.fromEntries(Object.entries(numbers).map(([name, values]) => [prefix + name, values]));
}

/** The numbers whose names have the prefix, without it. */
export function unprefixed(prefix: string, numbers: Numbers): Numbers {
  const own = Object.entries(numbers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values]));
}
