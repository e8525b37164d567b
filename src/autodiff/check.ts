/** Derivatives against differences: the check that runs on every op. */
import { stream } from "../base/random.ts";
import { sizeOf } from "../base/shape.ts";
import type { Convention } from "../conventions/convention.ts";
import type { Program } from "../ir/program.ts";
import { defaultConvention } from "./application.ts";
import { dot, type Evaluate, type Numbers, prefixed, unprefixed } from "./evaluate.ts";
import { joinedPullback } from "./pullback.ts";
import { pushforward } from "./pushforward.ts";
import { floatOutputs, inputsOf, type NamedValue } from "./wrt.ts";

export interface CheckOptions {
  readonly convention?: Convention;
  /** Names of the inputs to move; default: all float inputs. */
  readonly wrt?: readonly string[];
  /** Half the distance of the central difference; default 2^-17, near the cube root of float64's epsilon. */
  readonly step?: number;
  readonly seed?: number;
  /** 1 checks first derivatives, 2 also the derivatives of the pullback. Default 2. */
  readonly order?: 1 | 2;
}

/** One number three ways: c . J t for random c and t. */
export interface GradientCheck {
  readonly order: number;
  readonly difference: number;
  readonly forward: number;
  readonly reverse: number;
  /** The largest deviation of forward and reverse from the difference, relative to max(1, |difference|). */
  readonly error: number;
}

function random(program: Program, names: readonly NamedValue[], seed: number, purpose: string): Numbers {
  const draw = (name: string, value: number): Float64Array => {
    const uniforms = stream(seed, `check gradients ${purpose} ${name}`);
    return Float64Array.from({ length: sizeOf(program.values[value].shape) }, () => 2 * uniforms.uniform() - 1);
  };
  return Object.fromEntries(names.map(({ name, value }) => [name, draw(name, value)]));
}

function moved(point: Numbers, direction: Numbers, step: number): Numbers {
  const shifted = Object.entries(direction).map(([name, t]) => [
    name,
    Float64Array.from(point[name], (x, i) => x + step * t[i]),
  ]);
  return { ...point, ...Object.fromEntries(shifted) };
}

function firstOrder(
  program: Program,
  point: Numbers,
  evaluate: Evaluate,
  order: number,
  options: CheckOptions,
): GradientCheck {
  const { convention = defaultConvention, wrt, step = 2 ** -17, seed = 0 } = options;
  const t = random(program, inputsOf(program, wrt), seed, `tangent ${order}`);
  const c = random(program, floatOutputs(program), seed, `cotangent ${order}`);
  const after = dot(c, evaluate(program, moved(point, t, step)));
  const before = dot(c, evaluate(program, moved(point, t, -step)));
  const difference = (after - before) / (2 * step);
  const tangents = evaluate(pushforward(program, convention, wrt && { wrt }), { ...point, ...prefixed("t:", t) });
  const forward = dot(c, unprefixed("t:", tangents));
  const adjoints = evaluate(joinedPullback(program, convention, wrt && { wrt }), { ...point, ...prefixed("d:", c) });
  const reverse = dot(t, unprefixed("d:", adjoints));
  const deviation = Math.max(Math.abs(forward - difference), Math.abs(reverse - difference));
  return { order, difference, forward, reverse, error: deviation / Math.max(1, Math.abs(difference)) };
}

/**
 * Compares pullback and pushforward with central differences in a random direction, and for order 2 those of the
 * pullback too. The point must be away from kinks by more than the step.
 * @param point Values of all inputs. @param evaluate Runs a program in float64.
 */
export function checkGradients(
  program: Program,
  point: Numbers,
  evaluate: Evaluate,
  options: CheckOptions = {},
): readonly GradientCheck[] {
  const first = firstOrder(program, point, evaluate, 1, options);
  if (options.order === 1) return [first];
  const { convention, wrt, seed = 0 } = options;
  const derivative = joinedPullback(program, convention, wrt && { wrt });
  const cotangents = random(program, floatOutputs(program), seed, "cotangent 0");
  const there = { ...point, ...prefixed("d:", cotangents) };
  return [first, firstOrder(derivative, there, evaluate, 2, options)];
}
