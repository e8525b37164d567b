/** The choices that are compared at some kinks, and the conventions that follow from them. */
import { UsageError, unknown } from "../../base/errors.ts";
import { checkChoice, parseChoice, showChoice, withoutAlias } from "../../conventions/choice.ts";
import { type Choices, type Convention, convention } from "../../conventions/convention.ts";
import type { Choice, Kink } from "../../conventions/kink.ts";
import { ops } from "../../ops/index.ts";

/** A kink and the choices at it: the first is kept, every other one is compared with it. */
export interface KinkSetting {
  readonly kink: string;
  readonly choices: readonly Choice[];
}

export type Rule = "product" | "overwrite";

/** One gradient beside the kept one. */
export interface Contrast {
  /** Name of its pullback. */
  readonly name: string;
  readonly rule: Rule;
  /** Which choice of every setting: from 1. */
  readonly choice: number;
}

export interface Comparison {
  readonly settings: readonly KinkSetting[];
  /** Conventions by name of the pullback; `kept` is the first. */
  readonly conventions: Readonly<Record<string, Convention>>;
  readonly contrasts: readonly Contrast[];
  /** Whether ties are compared: then a hit is a difference above the threshold, not any difference. */
  readonly ties: boolean;
}

/** Everything but the kinks compared is as in PyTorch 1.13, which made the published data. */
const base = "pytorch-1.13";

/** Every kink of the ops, once: as the op has it that comes first. */
export function kinks(): ReadonlyMap<string, Kink> {
  const all = [...ops.values()].flatMap((op) => op.kinks);
  return new Map([...all].reverse().map((kink) => [kink.name, kink]));
}

/** Whether the kink is a tie between operands, whose number can be counted. */
export function isTie(kink: string): boolean {
  return [...ops.values()].some((op) => op.ties !== undefined && op.kinks.some(({ name }) => name === kink));
}

/** @throws UsageError on an unknown kink, a choice it does not accept, fewer than two choices, or repeated ones. */
export function comparisonOf(settings: readonly KinkSetting[]): Comparison {
  const known = kinks();
  const count = settings[0]?.choices.length ?? 0;
  const checked = settings.map(({ kink: name, choices }) => {
    const kink = known.get(name.split("@")[0]);
    if (kink === undefined) throw unknown("kink", name, known.keys());
    const found = choices.map((choice) => withoutAlias(kink, choice));
    const text = found.map(showChoice);
    if (choices.length < 2 || new Set(text).size < 2) {
      throw new UsageError(`--kink ${name}: found '${text.join(",")}', expected two or more different choices`);
    }
    if (choices.length !== count) {
      throw new UsageError(`--kink ${name}: ${choices.length} choices, expected ${count}, as for ${settings[0].kink}`);
    }
    for (const choice of found) checkChoice(kink, choice);
    return { kink: name, choices: found, overwrite: kink.overwrite };
  });
  if (checked.length === 0) throw new UsageError("--kink: expected a kink and its choices, such as relu.zero=0,1");
  const under = (choice: number, rule: Rule): Convention => {
    const chosen = checked.map(({ kink, choices, overwrite }): [string, Choice] => {
      const value = choices[choice];
      return [kink, rule === "overwrite" && overwrite && typeof value === "number" ? { value, rule } : value];
    });
    return convention(base, Object.fromEntries(chosen) as Choices);
  };
  const overwritable = checked.some(({ overwrite }) => overwrite);
  const others = Array.from({ length: count - 1 }, (_, i) => i + 1);
  const contrasts = others.flatMap((choice): Contrast[] => {
    const suffix = choice === 1 ? "" : String(choice);
    const product: Contrast = { name: `product${suffix}`, rule: "product", choice };
    return overwritable ? [product, { name: `overwrite${suffix}`, rule: "overwrite", choice }] : [product];
  });
  return {
    settings: checked.map(({ kink, choices }) => ({ kink, choices })),
    conventions: {
      kept: under(0, "product"),
      ...Object.fromEntries(contrasts.map(({ name, choice, rule }) => [name, under(choice, rule)])),
    },
    contrasts,
    ties: checked.some(({ kink }) => isTie(kink.split("@")[0])),
  };
}

/** `relu.zero=0,1` or `maxpool.tie=native,minimal`. @throws UsageError */
export function parseSetting(text: string): KinkSetting {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError(`--kink '${text}': expected a kink and its choices, such as relu.zero=0,1`);
  return {
    kink: text.slice(0, at).trim(),
    choices: text
      .slice(at + 1)
      .split(",")
      .map(parseChoice),
  };
}

/** The text that `parseSetting` reads back. */
export function showSetting({ kink, choices }: KinkSetting): string {
  return `${kink}=${choices.map(showChoice).join(",")}`;
}
