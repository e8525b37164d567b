/** Functions that several loops of a module share. */
import type { Module } from "./assembler.ts";

const shared = new WeakMap<Module, Map<string, unknown>>();

/** What `make` returned when it was first called for this module and key (compared as JSON). */
export function once<T>(module: Module, key: unknown, make: () => T): T {
  const known = shared.get(module) ?? new Map<string, unknown>();
  shared.set(module, known);
  const name = JSON.stringify(key);
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as T;
}
