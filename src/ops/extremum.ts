/** The tie of max and min: who gets the gradient where both operands are equal. */
import { constant, type Expr, eq, isNan, one, select, sub, zero } from "../ir/expression.ts";
import type { ElementwiseKink } from "./elementwise-kink.ts";

const weights: Readonly<Record<string, readonly [Expr, Expr]>> = {
  even: [constant(0.5), constant(0.5)],
  first: [one, zero],
  second: [zero, one],
  all: [one, one],
  none: [zero, zero],
};

/** @param extreme The same function of the tangents: the one-sided derivative on a tie. */
export function tieKink(name: string, extreme: (a: Expr, b: Expr) => Expr): ElementwiseKink {
  return {
    name,
    where: "a == b",
    slopes: ["0", "1"],
    rules: Object.keys(weights),
    default: "even",
    on: ([a, b]) => eq(a, b),
    slope: (rule, weight, operand) => {
      if (rule !== undefined) return weights[rule][operand];
      return operand === 0 ? weight : sub(one, weight);
    },
    oneSided: ([ta, tb]) => extreme(ta, tb),
  };
}

/** Weights away from ties: the operand that wins, or the first that is NaN. */
export function winner(wins: Expr, a: Expr): readonly [Expr, Expr] {
  const first = select(isNan(a), one, wins);
  return [select(first, one, zero), select(first, zero, one)];
}
