/** Who gets the gradient of a maximum over windows: the weights of each choice at `maxpool.tie`. */
import { UsageError } from "../base/errors.ts";
import {
  add,
  choice as choiceScalar,
  constant,
  div,
  draw,
  type Expr,
  eq,
  floor,
  gt,
  index,
  input,
  isNan,
  mul,
  one,
  select,
  sub,
  zero,
} from "../ir/expression.ts";
import { applyExpression } from "./apply-expression.ts";
import type { Application, Builder, Kink } from "./op.ts";
import { tapNumber, type Windows, windowShape } from "./window.ts";
import type { WindowOperands } from "./window-loops.ts";
import { windowReduce } from "./window-sums.ts";

export const maxPoolTie: Kink = {
  name: "maxpool.tie",
  where: "more than one maximum in a window",
  slopes: ["0", "1"],
  rules: ["first", "last", "even", "random", "all", "hybrid:B", "hybrid-forward:B"],
  aliases: { native: "first", minimal: "even" },
  forward: { "hybrid-forward": "hybridMaxPool2d" },
  number: false,
  overwrite: false,
  default: "first",
};

/** Whole numbers of this type are exact and compare fast: taps and numbers of ties. */
const whole = "float32";

/** x is a maximum of its window, whose maximum is y; where y is NaN, the NaNs are (only then there are any). */
export const isMaximumOf = (x: Expr, y: Expr): Expr => select(isNan(x), one, eq(x, y));
const isMaximum: Expr = isMaximumOf(input(0), input(1));

/** A window's maxima: x and y are the pool's operand and result. */
export interface Maxima {
  readonly windows: Windows;
  readonly x: number;
  readonly y: number;
}

const among = ({ x, y }: Maxima): WindowOperands => ({ images: [x], results: [y] });

/** How many entries of each window are its maximum: int32. */
export function countMaxima(b: Builder, maxima: Maxima): number {
  return windowReduce(b, maxima.windows, { ...among(maxima), expr: isMaximum, type: "int32" });
}

/** The tap of each window's first or last maximum. */
export function tapOfMaximum(b: Builder, maxima: Maxima, which: "first" | "last", type: string = whole): number {
  const expr = select(isMaximum, tapNumber(maxima.windows), constant(which === "first" ? Infinity : -Infinity));
  return windowReduce(b, maxima.windows, { ...among(maxima), expr, type }, which === "first" ? "min" : "max");
}

/** Bits of the draws that are compared: a draw and a tap together stay below 2^53. */
const drawBits = 32;

/** The tap of a random maximum: every tap draws, the least draw among the maxima wins. */
function tapOfRandom(b: Builder, maxima: Maxima, stream: number): number {
  const { windows } = maxima;
  const shape = windowShape(windows);
  const taps = windows.window[0] * windows.window[1];
  const place = shape.reduce<Expr>((sum, extent, axis) => add(mul(sum, constant(extent)), index(axis)), zero);
  const rank = mul(floor(mul(draw(stream, place, tapNumber(windows)), constant(2 ** drawBits))), constant(taps));
  const expr = select(isMaximum, add(rank, tapNumber(windows)), constant(Infinity));
  const least = windowReduce(b, windows, { ...among(maxima), expr, type: "float64" }, "min");
  const tap = sub(input(0), mul(constant(taps), floor(div(input(0), constant(taps)))));
  return applyExpression(b, [least], tap, whole, shape);
}

/** What an entry of a window gets of a number: `expr` over `images`, `results` and the number as the last input of its kind. */
export interface Shares {
  readonly images: readonly number[];
  readonly results: readonly number[];
  readonly share: (images: readonly Expr[], results: readonly Expr[], number: Expr) => Expr;
}

function shareOfTap(windows: Windows, tap: number): Shares {
  return {
    images: [],
    results: [tap],
    share: (_, [chosen], number) => select(eq(chosen, tapNumber(windows)), number, zero),
  };
}

/**
 * hybrid: of k maxima the first gets number * (k - B (k - 1)) / k, each other one number * B / k (papers/maxpool 2.1, over
 * one denominator, so that B = 0 is `first` and B = 1 is `even` to the bit); a window's only maximum gets the number.
 */
function hybridShares(b: Builder, maxima: Maxima, beta: Expr): Shares {
  const { windows, x, y } = maxima;
  const count = applyExpression(b, [countMaxima(b, maxima)], input(0), whole, windowShape(windows));
  return {
    images: [x],
    results: [y, tapOfMaximum(b, maxima, "first"), count],
    share: ([entry], [top, first, k], number) => {
      const weight = sub(k, mul(beta, sub(k, one)));
      const ofFirst = select(eq(weight, k), number, div(mul(number, weight), k));
      const ofOther = select(eq(beta, zero), zero, div(mul(number, beta), k));
      const ofTie = select(eq(first, tapNumber(windows)), ofFirst, ofOther);
      return select(isMaximumOf(entry, top), select(gt(k, one), ofTie, number), zero);
    },
  };
}

function evenShares(b: Builder, maxima: Maxima): Shares {
  const count = applyExpression(b, [countMaxima(b, maxima)], input(0), whole, windowShape(maxima.windows));
  return {
    images: [maxima.x],
    results: [maxima.y, count],
    share: ([entry], [top, k], number) => select(isMaximumOf(entry, top), div(number, k), zero),
  };
}

/** The shares of a rule without a parameter of its own. */
export function sharesOf(b: Builder, maxima: Maxima, rule: string, node: number): Shares {
  switch (rule) {
    case "first":
    case "last":
      return shareOfTap(maxima.windows, tapOfMaximum(b, maxima, rule));
    case "random":
      return shareOfTap(maxima.windows, tapOfRandom(b, maxima, node));
    case "even":
      return evenShares(b, maxima);
    case "all":
      return {
        images: [maxima.x],
        results: [maxima.y],
        share: ([entry], [top], number) => select(isMaximumOf(entry, top), number, zero),
      };
    default:
      throw new UsageError(`maxpool.tie: choice ${rule}, expected ${maxPoolTie.rules.join(", ")}`);
  }
}

/** The shares that the convention in force gives. @throws UsageError for a choice that changes the forward. */
export function chosenShares(b: Builder, maxima: Maxima, at: Application): Shares {
  const { choice, parameter } = at.chosen(maxPoolTie.name);
  const [rule] = String(choice).split(":");
  if (rule === "hybrid-forward") {
    throw new UsageError(
      `maxpool.tie: ${choice} changes the forward too; take forwardUnder(program, convention) for both`,
    );
  }
  return rule === "hybrid" ? hybridShares(b, maxima, choiceScalar(parameter)) : sharesOf(b, maxima, rule, at.node.id);
}
