/** Gradient descent with momentum whose gradients may be multiplied by a factor per layer: SGD and the rules that clip it. */
import { add, mul } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { elementsOf, extended, type Formula, formula, scalarOf } from "./formula.ts";
import { type Hyperparameters, momentum, nesterov, weightDecay } from "./hyperparameter.ts";
import type { Layer, Rule, StateTensor, Step } from "./rule.ts";

export const descentHyperparameters: Hyperparameters = { momentum, nesterov, weightDecay };

/** g + wd w. */
export function decayedGradient(layer: Layer): Formula {
  const g = formula([layer.g], (own) => own);
  return layer.decays ? extended(g, [layer.w, layer.scalar("weightDecay")], (own, w, wd) => add(own, mul(wd, w))) : g;
}

export const velocity: StateTensor = { name: "velocity", like: "weights" };

/** v <- mu v + d; w <- w - scale v (Nesterov: d + mu v). With mu = 0 there is no velocity. */
export function momentumStep(layer: Layer, d: Formula): Pick<Step, "direction" | "state"> {
  if (layer.values.momentum === 0) return { direction: d, state: {} };
  const mu = layer.scalar("momentum");
  const v = elementsOf(
    extended(d, [layer.state("velocity"), mu], (own, old, m) => add(mul(m, old), own)),
    "accumulate",
  );
  const ahead = extended(d, [v, mu], (own, next, m) => add(own, mul(m, next)));
  const direction = layer.values.nesterov === 1 ? ahead : formula([v], (next) => next);
  return { direction, state: { velocity: v } };
}

/** A rule whose layers have lr times a factor in (0, 1] or any: the factor stands before (g + wd w), inside the velocity. */
export type FactorRule = Omit<Rule, "state" | "step"> & {
  state?(): readonly StateTensor[];
  /** The factor as a float64 scalar, and the rule's own new state. */
  factor(layer: Layer, common?: Tensor): { readonly factor: Tensor; readonly state?: Step["state"] };
};

export function factorRule({ factor: factorOf, state: own, ...rest }: FactorRule): Rule {
  return {
    ...rest,
    hyperparameters: { ...descentHyperparameters, ...rest.hyperparameters },
    state: ({ momentum: mu }) => [...(mu > 0 ? [velocity] : []), ...(own?.() ?? [])],
    step(layer, common) {
      const lr = layer.scalar("lr");
      const d = decayedGradient(layer);
      if (!layer.scaled) return { ...momentumStep(layer, d), scale: lr, rate: lr };
      const { factor, state = {} } = factorOf(layer, common);
      const step = momentumStep(
        layer,
        extended(d, [factor], (own, f) => mul(f, own)),
      );
      const rate = scalarOf([lr, factor], (a, b) => mul(a, b));
      return { ...step, state: { ...step.state, ...state }, scale: lr, rate };
    },
  };
}
