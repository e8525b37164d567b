/** Learning-rate rules by name: one line each. */
import { unknown } from "../../base/errors.ts";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { commonBound } from "./common-bound.ts";
import { complete, parseNamed, type Values } from "./hyperparameter.ts";
import { lalcLikeA, lalcLikeB, lalcLikeC, lalcLikeD } from "./lalc-like.ts";
import { lamb, lambc } from "./lamb.ts";
import { larc, larcScale } from "./larc.ts";
import { lars, larsOutside } from "./lars.ts";
import type { Rule } from "./rule.ts";
import { sgd } from "./sgd.ts";
import { sgdClip } from "./sgd-clip.ts";

export const rules: readonly Rule[] = [
  sgd,
  adam,
  adamw,
  lars,
  larsOutside,
  larc,
  larcScale,
  lamb,
  lambc,
  lalcLikeA,
  lalcLikeB,
  lalcLikeC,
  lalcLikeD,
  sgdClip,
  commonBound,
];

export type { Hyperparameter, Hyperparameters, Values } from "./hyperparameter.ts";
export type { Layer, Rule, Step } from "./rule.ts";
export { type Optimizer, type Scope, withUpdates } from "./update.ts";

/** A rule with all its hyperparameters. */
export interface ChosenRule {
  readonly rule: Rule;
  readonly values: Values;
}

/**
 * `sgd`, `lars:eta=0.02,weightDecay=5e-4`.
 * @throws UsageError on an unknown rule or hyperparameter (with the near name) and on a value out of range
 */
export function ruleNamed(text: string, more: Values = {}): ChosenRule {
  const { name, values } = parseNamed(text);
  const rule = rules.find((known) => known.name === name);
  if (rule === undefined)
    throw unknown(
      "optimizer",
      name,
      rules.map((known) => known.name),
    );
  return { rule, values: complete(`optimizer ${name}`, rule.hyperparameters, { ...values, ...more }) };
}
