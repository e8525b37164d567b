/**
 * What the framework presets choose at the kinks of one program. Where a preset does not say, every choice that some other
 * preset makes there is possible: what depends on it is unknown, and is not guessed.
 */
import { opOf } from "../../autodiff/application.ts";
import { showChoice } from "../../conventions/choice.ts";
import type { Choices } from "../../conventions/convention.ts";
import type { Choice } from "../../conventions/kink.ts";
import type { Preset } from "../../conventions/preset.ts";
import { presets } from "../../conventions/presets/index.ts";
import type { Program } from "../../ir/program.ts";

/** A framework as its preset knows it, or a back end of it that differs. */
export interface Framework {
  readonly name: string;
  readonly choices: Choices;
}

function choicesOf(entries: Preset["entries"]): Choices {
  return Object.fromEntries(Object.entries(entries).map(([kink, { choice }]) => [kink, choice]));
}

/** All presets, each followed by the back ends that choose otherwise: `tfjs-4.22`, `tfjs-4.22 wasm`. */
export function frameworks(): Framework[] {
  return presets.flatMap(({ name, entries, backends = {} }) => [
    { name, choices: choicesOf(entries) },
    ...Object.entries(backends).map(([backend, own]) => ({
      name: `${name} ${backend}`,
      choices: choicesOf({ ...entries, ...own }),
    })),
  ]);
}

/** Names of the kinks that a program has, in order of appearance. */
export function kinkNames(program: Program): string[] {
  return [...new Set(program.nodes.flatMap((node) => opOf(node).kinks.map(({ name }) => name)))];
}

/** One choice for each kink of a program. */
export interface Setting {
  /** `relu.zero=0 maxpool.tie=first` */
  readonly label: string;
  readonly choices: Choices;
}

export interface FrameworkSettings {
  readonly name: string;
  /** Kinks of the program that the framework's preset does not say. */
  readonly unknown: readonly string[];
  /** Every setting that is possible, as places in `settings`; one where nothing is unknown. */
  readonly possible: readonly number[];
}

export interface PresetSettings {
  readonly kinks: readonly string[];
  /** Kinks that no preset says anything about: they stay at their op's default in every setting. */
  readonly unsaid: readonly string[];
  /** Different settings; the first is that of the first framework. */
  readonly settings: readonly Setting[];
  readonly frameworks: readonly FrameworkSettings[];
}

function product(kinks: readonly string[], candidates: (kink: string) => readonly Choice[]): Choices[] {
  return kinks.reduce<Choices[]>(
    (all, kink) => all.flatMap((choices) => candidates(kink).map((choice) => ({ ...choices, [kink]: choice }))),
    [{}],
  );
}

const labelOf = (choices: Choices): string =>
  Object.entries(choices)
    .map(([kink, choice]) => `${kink}=${showChoice(choice)}`)
    .join(" ");

/**
 * The settings of all frameworks at a program's kinks; those that change one kink of the first framework's come next, so that
 * a difference can be told by its kink.
 */
export function presetSettings(program: Program, known: readonly Framework[] = frameworks()): PresetSettings {
  const all = kinkNames(program);
  const made = (kink: string): Choice[] => {
    const said = known.flatMap(({ choices }) => (choices[kink] === undefined ? [] : [choices[kink]]));
    return [...new Map(said.map((choice) => [showChoice(choice), choice])).values()];
  };
  const kinks = all.filter((kink) => made(kink).length > 0);
  const unsaid = all.filter((kink) => !kinks.includes(kink));
  const settings = new Map<string, Setting>();
  const add = (choices: Choices): number => {
    const label = labelOf(choices);
    if (!settings.has(label)) settings.set(label, { label, choices });
    return [...settings.keys()].indexOf(label);
  };
  const [first] = known;
  const base: Choices = Object.fromEntries(kinks.map((kink) => [kink, first.choices[kink] ?? made(kink)[0]]));
  add(base);
  for (const kink of kinks) for (const choice of made(kink)) add({ ...base, [kink]: choice });
  const found = known.map(({ name, choices }): FrameworkSettings => {
    const unknown = kinks.filter((kink) => choices[kink] === undefined);
    const possible = product(kinks, (kink) => (unknown.includes(kink) ? made(kink) : [choices[kink]]));
    return { name, unknown, possible: possible.map(add) };
  });
  return { kinks: all, unsaid, settings: [...settings.values()], frameworks: found };
}
