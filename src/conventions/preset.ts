/** What a framework does at its kinks, with the evidence for each entry. */
import type { Choice } from "./kink.ts";

/** `measured` on the version named; `read` in its public source; `thread`: said in a public thread. */
export type Evidence = "measured" | "read" | "thread";

export interface PresetEntry {
  readonly choice: Choice;
  readonly source: string;
  readonly evidence: Evidence;
  readonly confirmed: boolean;
  /** What the choice alone does not say. */
  readonly note?: string;
}

/** Kinks without an entry are unknown: there the op's default acts, and listings say so. */
export interface Preset {
  /** Framework and version: `pytorch-1.13`. */
  readonly name: string;
  readonly framework: string;
  readonly source: string;
  readonly entries: Readonly<Record<string, PresetEntry>>;
  /** Back ends that choose otherwise: their own entries, in place of the preset's. */
  readonly backends?: Readonly<Record<string, Readonly<Record<string, PresetEntry>>>>;
  readonly notes: readonly string[];
}

/** A constructor of entries that share source and evidence; threads do not confirm. */
export function entriesFrom(source: string, evidence: Evidence): (choice: Choice, note?: string) => PresetEntry {
  const confirmed = evidence !== "thread";
  return (choice, note) => ({ choice, source, evidence, confirmed, ...(note === undefined ? {} : { note }) });
}
