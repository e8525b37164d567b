/** Choices as text, and whether a kink accepts them. */
import { UsageError, unknown } from "../base/errors.ts";
import type { Choice, Kink } from "./kink.ts";

/** `0.5`, `first`, `NaN`, `overwrite:1`, `product:1` (the same as `1`). @throws UsageError on an empty text or a bad number. */
export function parseChoice(text: string): Choice {
  const trimmed = text.trim();
  if (trimmed === "") throw new UsageError("choice: found nothing, expected a number, a rule, or overwrite:<number>");
  const rule = /^(overwrite|product):(.*)$/.exec(trimmed);
  const value = Number(rule === null ? trimmed : rule[2]);
  if (rule === null) return Number.isFinite(value) ? value : trimmed;
  if (rule[2].trim() === "" || !Number.isFinite(value)) {
    throw new UsageError(`choice '${trimmed}': expected a finite number after '${rule[1]}:'`);
  }
  return rule[1] === "overwrite" ? { value, rule: "overwrite" } : value;
}

/** The text that `parseChoice` reads back. */
export function showChoice(choice: Choice): string {
  if (typeof choice === "object") return `overwrite:${choice.value}`;
  return Object.is(choice, -0) ? "-0" : String(choice);
}

function matchesRule(choice: string, rule: string): boolean {
  const [name, parameter] = rule.split(":");
  if (parameter === undefined) return choice === rule;
  const [given] = choice.split(":");
  return given === name && parameterOf(choice) !== undefined;
}

/** The number of a choice such as `hybrid:10`; undefined where it has none. */
export function parameterOf(choice: Choice): number | undefined {
  if (typeof choice === "object") return choice.value;
  if (typeof choice === "number") return choice;
  const text = choice.slice(choice.indexOf(":") + 1).trim();
  const value = choice.includes(":") && text !== "" ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The choice by its rule's own name: `native` is `first`. */
export function withoutAlias(kink: Kink, choice: Choice): Choice {
  if (typeof choice !== "string" || kink.aliases === undefined) return choice;
  return Object.hasOwn(kink.aliases, choice) ? kink.aliases[choice] : choice;
}

/** The op that a node becomes under a choice that changes the forward; undefined for local choices. */
export function forwardOp(kink: Kink, choice: Choice): string | undefined {
  return typeof choice === "string" ? kink.forward?.[choice.split(":")[0]] : undefined;
}

/** The choices that a kink accepts, readable. */
export function acceptedChoices(kink: Kink): string[] {
  const numbers = kink.number ? ["a number"] : [];
  return [
    ...numbers,
    ...kink.rules,
    ...Object.keys(kink.aliases ?? {}),
    ...(kink.overwrite ? ["overwrite:<number>"] : []),
  ];
}

/** @throws UsageError where the kink does not accept the choice. */
export function checkChoice(kink: Kink, choice: Choice): void {
  if (typeof choice === "number" && kink.number && Number.isFinite(choice)) return;
  if (typeof choice === "object" && kink.overwrite && Number.isFinite(choice.value)) return;
  if (typeof choice === "string") {
    if ([...kink.rules, ...Object.keys(kink.aliases ?? {})].some((rule) => matchesRule(choice, rule))) return;
    if (kink.rules.length > 0) throw unknown(`choice at ${kink.name}`, choice, acceptedChoices(kink));
  }
  throw new UsageError(
    `${kink.name}: choice '${showChoice(choice)}' is not accepted; expected ${acceptedChoices(kink).join(", ")}`,
  );
}

/** A readable slope as a number: "-0.5", "1/6"; NaN where it depends on options. */
function slopeOf(text: string): number {
  const [above, below = 1] = text.split("/").map(Number);
  return above / below;
}

/**
 * Whether a choice is no Clarke subgradient: a number outside the one-sided slopes, NaN or an infinity, or tie weights
 * that do not sum to 1 (`all`, `none`) or leave [0, 1] for some number of ties (`hybrid:B` beyond 1). `overwrite` of anything but 0 is outside. False where the slopes depend on options.
 */
export function outsideClarke(kink: Kink, choice: Choice): boolean {
  if (typeof choice === "object") return choice.value !== 0 || outsideClarke(kink, 0);
  const beta = typeof choice === "string" ? parameterOf(choice) : undefined;
  if (beta !== undefined) return beta < 0 || beta > 1;
  if (typeof choice === "string") return ["all", "none", "NaN", "Infinity", "-Infinity"].includes(choice);
  const slopes = kink.slopes.map(slopeOf);
  return choice < Math.min(...slopes) || choice > Math.max(...slopes);
}
