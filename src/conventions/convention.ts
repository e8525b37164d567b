/** A convention: the derivative chosen at every kink. */
import { UsageError, unknown } from "../base/errors.ts";
import { checkChoice, parseChoice, showChoice } from "./choice.ts";
import type { Choice, Kink } from "./kink.ts";
import type { Preset } from "./preset.ts";
import { presetNamed } from "./presets/index.ts";

/** Choices by kink (`relu.zero`) or kink instance (`relu.zero@3`, the number of the node). */
export type Choices = Readonly<Record<string, Choice>>;

export interface Convention {
  readonly name: string;
  readonly choices: Choices;
}

/** The choice in force at one node: its instance, else the kink, else the op's default. */
export function choiceAt(convention: Convention, kink: Kink, node: number): Choice {
  return convention.choices[`${kink.name}@${node}`] ?? convention.choices[kink.name] ?? kink.default;
}

function choicesOf(preset: Preset): Choices {
  return Object.fromEntries(Object.entries(preset.entries).map(([kink, entry]) => [kink, entry.choice]));
}

/**
 * A convention from a preset's name or from choices, with further choices over it.
 * @param kinks Where given, all choices but the preset's own are checked against it.
 * @throws UsageError on an unknown preset or kink, or a choice that its kink does not accept.
 */
export function convention(base: string | Choices, overrides: Choices = {}, kinks?: readonly Kink[]): Convention {
  const own = typeof base === "string" ? {} : base;
  const preset = typeof base === "string" ? presetNamed(base) : undefined;
  const given = { ...own, ...overrides };
  if (kinks !== undefined) checkChoices(given, kinks);
  const settings = Object.entries(given).map(([key, choice]) => `${key}=${showChoice(choice)}`);
  return {
    name: [...(preset === undefined ? [] : [preset.name]), ...settings].join(" ") || "default",
    choices: { ...(preset === undefined ? {} : choicesOf(preset)), ...given },
  };
}

/** @throws UsageError on an unknown kink (with the near name), a bad instance, or a choice that is not accepted. */
export function checkChoices(choices: Choices, kinks: readonly Kink[]): void {
  const byName = new Map(kinks.map((kink) => [kink.name, kink]));
  for (const [key, choice] of Object.entries(choices)) {
    const [name, instance] = key.split("@");
    const kink = byName.get(name);
    if (kink === undefined) throw unknown("kink", name, byName.keys());
    if (instance !== undefined && !/^\d+$/.test(instance)) {
      throw new UsageError(`kink '${key}': expected the number of a node after '@', found '${instance}'`);
    }
    checkChoice(kink, choice);
  }
}

/** `relu.zero=0.5`, `maxpool.tie=first`, `relu.zero@3=1`, `relu.zero=overwrite:1`. @throws UsageError where `=` is missing. */
export function parseChoices(settings: readonly string[]): Choices {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      if (at <= 0) throw new UsageError(`kink setting '${setting}': expected kink=choice, as in relu.zero=0.5`);
      return [setting.slice(0, at).trim(), parseChoice(setting.slice(at + 1))];
    }),
  );
}
