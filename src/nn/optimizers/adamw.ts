/** AdamW as PyTorch's `torch.optim.AdamW`: weights decay by lr wd, apart from the moments. */
import { add, mul } from "../../ir/expression.ts";
import { adam, adamHyperparameters, adamMove, newMoments } from "./adam.ts";
import { extended, formula } from "./formula.ts";
import type { Rule } from "./rule.ts";

export const adamw: Rule = {
  ...adam,
  name: "adamw",
  doc: "m, v <- moments of g; w <- w - lr wd w - lr mhat / (sqrt(vhat) + eps)",
  source: "PyTorch 1.13, torch.optim.AdamW",
  hyperparameters: {
    ...adamHyperparameters,
    weightDecay: { ...adamHyperparameters.weightDecay, default: 0.01 },
  },
  step(layer) {
    const state = newMoments(
      layer,
      formula([layer.g], (g) => g),
    );
    const adaptive = adamMove(layer, state);
    const decay = [layer.w, layer.scalar("lr"), layer.scalar("weightDecay")];
    const direction = layer.decays
      ? extended(adaptive, decay, (own, w, lr, wd) => add(mul(mul(lr, wd), w), own))
      : adaptive;
    return { direction, state, rate: layer.scalar("lr") };
  },
};
