/** Adam as PyTorch's `torch.optim.Adam`: weight decay is added to the gradient. */
import { add, constant, div, type Expr, mul, sqrt, sub } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { decayedGradient } from "./descent.ts";
import { elementsOf, extended, type Formula, formula } from "./formula.ts";
import { beta, epsilon, type Hyperparameters, weightDecay } from "./hyperparameter.ts";
import { wholePower } from "./power.ts";
import type { Correction, Layer, Rule, StateTensor } from "./rule.ts";

export const adamHyperparameters: Hyperparameters = {
  beta1: beta(0.9, "first"),
  beta2: beta(0.999, "second"),
  epsilon: epsilon(1e-8),
  weightDecay,
};

export const moments: readonly StateTensor[] = [
  { name: "first", like: "weights" },
  { name: "second", like: "weights" },
];

/** 1 - beta^t. */
export const biasCorrections: readonly Correction[] = [
  { name: "correction1", at: ({ beta1 }, t) => 1 - wholePower(beta1, t) },
  { name: "correction2", at: ({ beta2 }, t) => 1 - wholePower(beta2, t) },
];

const one = constant(1);
const blend = (old: Expr, decay: Expr, fresh: Expr): Expr => add(mul(decay, old), mul(sub(one, decay), fresh));

/** m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2. */
export function newMoments(layer: Layer, g: Formula): { readonly first: Tensor; readonly second: Tensor } {
  const first = extended(g, [layer.state("first"), layer.scalar("beta1")], (own, m, b) => blend(m, b, own));
  const second = extended(g, [layer.state("second"), layer.scalar("beta2")], (own, v, b) => blend(v, b, mul(own, own)));
  return { first: elementsOf(first, "accumulate"), second: elementsOf(second, "accumulate") };
}

/** (lr / c1) m / (sqrt(v) / sqrt(c2) + eps), c = 1 - beta^t. */
export function adamMove(layer: Layer, { first, second }: ReturnType<typeof newMoments>): Formula {
  const of = ["lr", "correction1", "correction2", "epsilon"].map((name) => layer.scalar(name));
  return formula([first, second, ...of], (m, v, lr, c1, c2, eps) =>
    mul(div(lr, c1), div(m, add(div(sqrt(v), sqrt(c2)), eps))),
  );
}

export const adam: Rule = {
  name: "adam",
  doc: "m, v <- moments of g + wd w; w <- w - lr mhat / (sqrt(vhat) + eps)",
  source: "PyTorch 1.13, torch.optim.Adam",
  hyperparameters: adamHyperparameters,
  corrections: biasCorrections,
  state: () => moments,
  step(layer) {
    const state = newMoments(layer, decayedGradient(layer));
    return { direction: adamMove(layer, state), state, rate: layer.scalar("lr") };
  },
};
