/** Kinks of elementwise ops: where they are, their one-sided derivatives, and what each choice computes. */
import { UsageError } from "../base/errors.ts";
import { plus, times } from "../ir/derivative.ts";
import { choice as choiceScalar, constant, type Expr, gt, lt, select } from "../ir/expression.ts";
import type { Choice, Chosen, Kink, Options } from "./op.ts";

export interface ElementwiseKink {
  readonly name: string;
  /** Readable: "x == 0". */
  readonly where: string;
  readonly slopes: readonly [string, string];
  readonly rules?: readonly string[];
  /** Whether any number is accepted (default). */
  readonly number?: boolean;
  readonly overwrite?: boolean;
  readonly default: Choice;
  /** Whether the kink exists under these options (default: always). */
  readonly applies?: (options: Options) => boolean;
  readonly on: (x: readonly Expr[], options: Options) => Expr;
  /** The slope of an operand under a named rule, or under a number held by the scalar `parameter`. */
  readonly slope: (rule: string | undefined, parameter: Expr, operand: number, options: Options) => Expr;
  /** The one-sided directional derivative at the kink. */
  readonly oneSided: (tangents: readonly Expr[], x: readonly Expr[], options: Options) => Expr;
}

export type SideKink = Omit<ElementwiseKink, "slope" | "oneSided"> & {
  readonly left: (options: Options) => Expr;
  readonly right: (options: Options) => Expr;
  /** Slopes under rules other than `left` and `right`. */
  readonly named?: Readonly<Record<string, Expr>>;
};

/** A kink of a function of one number with a left and a right slope. */
export function sideKink(kink: SideKink): ElementwiseKink {
  return {
    ...kink,
    slope: (rule, parameter, _operand, options) => {
      if (rule === undefined) return parameter;
      if (rule === "left") return kink.left(options);
      return rule === "right" ? kink.right(options) : (kink.named?.[rule] as Expr);
    },
    oneSided: ([t], _x, options) => {
      const backward = select(lt(t, constant(0)), times(t, kink.left(options)), t);
      return select(gt(t, constant(0)), times(t, kink.right(options)), backward);
    },
  };
}

/** The public face of a kink. */
export function kinkOf(kink: ElementwiseKink): Kink {
  const { name, where, slopes, rules = [], number = true, overwrite = false } = kink;
  return { name, where, slopes, rules, number, overwrite, default: kink.default };
}

function chosenSlope(kink: ElementwiseKink, chosen: Chosen, operand: number, options: Options): Expr {
  const rule = typeof chosen.choice === "string" ? chosen.choice : undefined;
  return kink.slope(rule, choiceScalar(chosen.parameter), operand, options);
}

/** What the operand receives on the kink for the incoming gradient g. `overwrite` writes its number itself. */
export function chosenAdjoint(kink: ElementwiseKink, chosen: Chosen, operand: number, g: Expr, options: Options): Expr {
  if (typeof chosen.choice === "object") return choiceScalar(chosen.parameter);
  return times(g, chosenSlope(kink, chosen, operand, options));
}

/** @throws UsageError for `overwrite`, which exists backward only. */
export function chosenTangent(
  kink: ElementwiseKink,
  chosen: Chosen,
  tangents: readonly Expr[],
  options: Options,
): Expr {
  if (typeof chosen.choice === "object") {
    throw new UsageError(`${kink.name}: overwrite exists backward only, expected a slope or a rule for a pushforward`);
  }
  return tangents.map((t, operand) => times(t, chosenSlope(kink, chosen, operand, options))).reduce(plus);
}
