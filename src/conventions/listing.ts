/** A preset seen against the kinks of the ops: what is known, what is not, what is no subgradient. */
import { outsideClarke } from "./choice.ts";
import type { Choice, Kink } from "./kink.ts";
import type { Preset, PresetEntry } from "./preset.ts";

export interface ListedEntry extends Partial<PresetEntry> {
  readonly kink: string;
  readonly choice: Choice;
  /** No entry is known: the choice is the op's default. */
  readonly unknown: boolean;
  /** The choice is no Clarke subgradient. */
  readonly outside: boolean;
}

/** One row per kink, then the preset's entries at kinks that no op has. */
export function listPreset(preset: Preset, kinks: readonly Kink[]): ListedEntry[] {
  const known = kinks.map((kink): ListedEntry => {
    const entry = preset.entries[kink.name];
    const choice = entry?.choice ?? kink.default;
    return { ...entry, kink: kink.name, choice, unknown: entry === undefined, outside: outsideClarke(kink, choice) };
  });
  const names = new Set(kinks.map((kink) => kink.name));
  const rest = Object.entries(preset.entries).filter(([kink]) => !names.has(kink));
  const outside = (choice: Choice): boolean => choice === "all" || choice === "none";
  return [
    ...known,
    ...rest.map(([kink, entry]) => ({ ...entry, kink, unknown: false, outside: outside(entry.choice) })),
  ];
}
