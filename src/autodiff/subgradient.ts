/** One-sided directional derivatives, and whether the derivative that a convention chooses lies between them. */
import type { Convention } from "../conventions/convention.ts";
import type { Program } from "../ir/program.ts";
import { defaultConvention } from "./application.ts";
import { type Evaluate, type Numbers, prefixed, unprefixed } from "./evaluate.ts";
import { pushforward } from "./pushforward.ts";

export interface SubgradientOptions {
  readonly convention?: Convention;
  /** Names of the inputs that move; default: all that `direction` names. */
  readonly wrt?: readonly string[];
}

/** At one element of an output, along one direction. */
export interface DirectionalSlopes {
  /** Derivative from behind: minus the one-sided derivative along the opposite direction. */
  readonly left: number;
  /** One-sided derivative along the direction. */
  readonly right: number;
  readonly chosen: number;
  /** "both": left, right and chosen are equal. */
  readonly side: "both" | "left" | "right" | "between" | "outside";
}

function sideOf(left: number, right: number, chosen: number): DirectionalSlopes["side"] {
  if (chosen === left && chosen === right) return "both";
  if (chosen === left) return "left";
  if (chosen === right) return "right";
  return chosen > Math.min(left, right) && chosen < Math.max(left, right) ? "between" : "outside";
}

/**
 * The slopes of every output along `direction` at `point`, by output name.
 * @param evaluate Runs a program in float64.
 * @throws UsageError on an unknown input, or for `overwrite`, which has no directional derivative.
 */
export function subgradient(
  program: Program,
  point: Numbers,
  direction: Numbers,
  evaluate: Evaluate,
  { convention = defaultConvention, wrt = Object.keys(direction) }: SubgradientOptions = {},
): Readonly<Record<string, readonly DirectionalSlopes[]>> {
  const opposite = Object.entries(direction).map(([name, t]) => [name, Float64Array.from(t, (value) => -value)]);
  const sided = pushforward(program, convention, { wrt, oneSided: true });
  const along = (tangent: Numbers, derivative: Program): Numbers =>
    unprefixed("t:", evaluate(derivative, { ...point, ...prefixed("t:", tangent) }));
  const ahead = along(direction, sided);
  const behind = along(Object.fromEntries(opposite), sided);
  const chosen = along(direction, pushforward(program, convention, { wrt }));
  const slopes = (name: string): DirectionalSlopes[] =>
    Array.from(ahead[name], (right, i) => {
      const left = 0 - behind[name][i];
      return { left, right, chosen: chosen[name][i], side: sideOf(left, right, chosen[name][i]) };
    });
  return Object.fromEntries(Object.keys(ahead).map((name) => [name, slopes(name)]));
}
