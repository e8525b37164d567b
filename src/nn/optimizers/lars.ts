/** LARS, with the learning rate inside of the velocity (its paper) or outside of it (libraries): they differ once lr changes. */
import { add, div, mul } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { decayedGradient, descentHyperparameters, factorRule, momentumStep, velocity } from "./descent.ts";
import { extended, scalarOf, unlessZero } from "./formula.ts";
import type { Hyperparameter } from "./hyperparameter.ts";
import type { Layer, Rule } from "./rule.ts";

const eta: Hyperparameter = { default: 0.001, doc: "trust coefficient", is: "a number above 0" };

/** eta norm(w) / (norm(g) + wd norm(w)); 1 where a norm is 0. */
function trustRatio(layer: Layer): Tensor {
  const of = [layer.weightSquare, layer.gradientSquare, layer.scalar("eta"), layer.scalar("weightDecay")];
  return scalarOf(of, (ww, gg, trust, wd) =>
    unlessZero(ww, gg, (w, g) => div(mul(trust, w), layer.decays ? add(g, mul(wd, w)) : g)),
  );
}

export const lars: Rule = {
  name: "lars",
  doc: "lam = eta |w| / (|g| + wd |w|); v <- mu v + lr lam (g + wd w); w <- w - v",
  source: "You, Gitman, Ginsburg 2017 (papers/bn-relu 2.10)",
  hyperparameters: { ...descentHyperparameters, eta },
  corrections: [],
  state: ({ momentum }) => (momentum > 0 ? [velocity] : []),
  step(layer) {
    const lr = layer.scalar("lr");
    const rate = layer.scaled ? scalarOf([lr, trustRatio(layer)], (a, lam) => mul(a, lam)) : lr;
    const d = extended(decayedGradient(layer), [rate], (own, r) => mul(r, own));
    return { ...momentumStep(layer, d), rate };
  },
};

export const larsOutside: Rule = factorRule({
  name: "lars-outside",
  doc: "lam as lars; v <- mu v + lam (g + wd w); w <- w - lr v",
  source: "pytorch-image-models, Lars with always_adapt (papers/bn-relu 2.10)",
  hyperparameters: { eta },
  corrections: [],
  factor: (layer) => ({ factor: trustRatio(layer) }),
});
