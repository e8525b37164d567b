/** SGD whose layers' gradients are clipped to a norm of their own. */
import { constant, div, min } from "../../ir/expression.ts";
import { factorRule } from "./descent.ts";
import { scalarOf, unlessZero } from "./formula.ts";
import type { Rule } from "./rule.ts";

export const sgdClip: Rule = factorRule({
  name: "sgd-clip",
  doc: "SGD on min(1, bound / |g|) (g + wd w)",
  source: "papers/bn-relu E8: a baseline of the comparison",
  hyperparameters: { bound: { default: 1, doc: "largest norm of a layer's gradient", is: "a number above 0" } },
  corrections: [],
  factor: (layer) => ({
    factor: scalarOf([layer.weightSquare, layer.gradientSquare, layer.scalar("bound")], (ww, gg, bound) =>
      unlessZero(ww, gg, (_, g) => min(div(bound, g), constant(1))),
    ),
  }),
});
