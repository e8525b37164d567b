/** Stochastic gradient descent as PyTorch's `torch.optim.SGD` without dampening. */
import { decayedGradient, descentHyperparameters, momentumStep, velocity } from "./descent.ts";
import type { Rule } from "./rule.ts";

export const sgd: Rule = {
  name: "sgd",
  doc: "v <- mu v + (g + wd w); w <- w - lr v; Nesterov: w <- w - lr (g + wd w + mu v)",
  source: "PyTorch 1.13, torch.optim.SGD",
  hyperparameters: descentHyperparameters,
  corrections: [],
  state: ({ momentum }) => (momentum > 0 ? [velocity] : []),
  step: (layer) => ({
    ...momentumStep(layer, decayedGradient(layer)),
    scale: layer.scalar("lr"),
    rate: layer.scalar("lr"),
  }),
};
