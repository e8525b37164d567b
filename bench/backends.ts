/** The backends that benchmarks measure. */

export type BenchBackend = "wasm" | "native";

/** Benchmarks of printed C have a name that ends in ".native". */
export const nameOn = (name: string, backend: BenchBackend): string => (backend === "native" ? `${name}.native` : name);

export const isNative = (name: string): boolean => name.endsWith(".native");
