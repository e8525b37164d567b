/** The addon and the printed units of this process: compiled where needed, loaded once. */
import { builtin, type FileSystem } from "./builtin.ts";
import { dropUnit } from "./cache.ts";
import { compiledUnits, type Unit } from "./compiler.ts";
import { processorHere } from "./machine.ts";
import type { Source } from "./source.ts";
import { Unavailable } from "./unavailable.ts";

/** `runtime/addon.c`. */
export interface Addon {
  open(path: string): bigint;
  symbol(handle: bigint, name: string): bigint;
  /** Threads that run loops together, until they are disbanded or the value is collected. */
  crew(threads: number): object;
  disband(crew: object): void;
  /** The address of the first byte. */
  prepare(bytes: Uint8Array): bigint;
  run(crew: object, arena: Uint8Array, words: BigInt64Array, tables: Int32Array): readonly [number, number] | undefined;
}

/** More lines than this are compiled in two units at once. */
const linesPerUnit = 24;

/** The runtime's own text: from the build, the sources are beside it in the package. */
function runtimeText(name: string): string {
  const folder = import.meta.url.endsWith(".ts") ? "./runtime/" : "../../../../src/backends/native/runtime/";
  const { fileURLToPath } = builtin<typeof import("node:url")>("node:url");
  const path = fileURLToPath(new URL(`${folder}${name}`, import.meta.url));
  const text = builtin<FileSystem>("node:fs").readFileSync(path, "utf8");
  return text.replace(/^#include "([a-z.]+)"$/gm, (_, included: string) => runtimeText(included));
}

const texts = new Map<string, string>();

function textOf(name: string): string {
  const known = texts.get(name) ?? runtimeText(name);
  texts.set(name, known);
  return known;
}

const addons = new Map<number, Addon>();
/** Addresses of what is loaded, by width and name. */
const symbols = new Map<string, bigint>();

const symbolKey = (width: number, name: string): string => `${width}:${name}`;

const addonUnit = (width: number): Unit => ({ text: textOf("addon.c"), isAddon: true, width });

/** Units of the sources that are not loaded: micro-kernels alone, lines together. */
function unitsOf(
  sources: readonly Source[],
  width: number,
): { readonly unit: Unit; readonly sources: readonly Source[] }[] {
  const distinct = new Map(sources.map((source) => [source.name, source]));
  const missing = [...distinct.values()].filter(({ name }) => !symbols.has(symbolKey(width, name)));
  const lines = missing.filter(({ alone }) => !alone).sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts = lines.length > linesPerUnit ? 2 : 1;
  const groups = [
    ...missing.filter(({ alone }) => alone).map((source) => [source]),
    ...Array.from({ length: parts }, (_, part) => lines.filter((_, i) => i % parts === part)),
  ];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => {
      const headers = [textOf("lanes.h"), ...(group[0].alone ? [textOf("tiles.h")] : [])];
      return {
        unit: { text: [...headers, ...group.map(({ text }) => text)].join("\n"), isAddon: false, width },
        sources: group,
      };
    });
}

export interface Library {
  readonly addon: Addon;
  addressOf(source: Source): bigint;
}

/** What `load` gives; a file that does not load is not kept. @throws Unavailable in one line. */
function loading<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    dropUnit(path);
    const line = String((cause as Error).message).split("\n")[0];
    throw new Unavailable(`backend native: compiled code does not load: ${line}`, { cause });
  }
}

function dlopen(path: string): Addon {
  const module = { exports: {} as Addon };
  loading(path, () => process.dlopen(module, path));
  return module.exports;
}

/** Why nothing can be run here, in one line; undefined where it can. */
export function whyNot(): string | undefined {
  try {
    const { width } = processorHere();
    libraryOf([], width);
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}

/** What is not loaded of what `sources` need. */
export function missingUnits(sources: readonly Source[], width: number): Unit[] {
  const wanted = unitsOf(sources, width).map(({ unit }) => unit);
  return addons.has(width) ? wanted : [addonUnit(width), ...wanted];
}

/**
 * Everything loaded that `sources` need, at a vector width in bits.
 * @throws Unavailable in one line where that is not possible here.
 */
export function libraryOf(sources: readonly Source[], width: number): Library {
  const { lacks } = processorHere();
  if (lacks !== undefined) throw new Unavailable(`backend native: not for ${lacks}`);
  const own = addons.get(width);
  const wanted = unitsOf(sources, width);
  const paths = compiledUnits(missingUnits(sources, width));
  const addon = own ?? dlopen(paths.shift() as string);
  addons.set(width, addon);
  wanted.forEach((group, i) => {
    const handle = loading(paths[i], () => addon.open(paths[i]));
    for (const { name } of group.sources) symbols.set(symbolKey(width, name), addon.symbol(handle, name));
  });
  return { addon, addressOf: ({ name }) => symbols.get(symbolKey(width, name)) as bigint };
}
