/** LAMB: Adam's direction, its length made that of the weights; LAMBC bounds the ratio from above. */
import { add, div, type Expr, min, mul, sqrt } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { adamHyperparameters, biasCorrections, moments, newMoments } from "./adam.ts";
import { elementsOf, extended, formula, scalarOf, squareSum, unlessZero } from "./formula.ts";
import { epsilon, type Hyperparameter, type Hyperparameters } from "./hyperparameter.ts";
import type { Layer, Rule } from "./rule.ts";

const corrected: Hyperparameter = { default: 1, doc: "bias correction of the moments", is: "0 or 1" };

const hyperparameters: Hyperparameters = { ...adamHyperparameters, epsilon: epsilon(1e-6), corrected };

/** r = mhat / (sqrt(vhat) + eps) + wd w, stored, as its norm comes before its use. */
function direction(layer: Layer, { first, second }: ReturnType<typeof newMoments>): Tensor {
  const scalars = ["epsilon", "correction1", "correction2"].map((name) => layer.scalar(name));
  const r = formula([first, second, ...scalars], (m, v, eps, c1, c2) =>
    layer.values.corrected === 1 ? div(div(m, c1), add(sqrt(div(v, c2)), eps)) : div(m, add(sqrt(v), eps)),
  );
  const decayed = (own: Expr, w: Expr, wd: Expr): Expr => add(own, mul(wd, w));
  return elementsOf(layer.decays ? extended(r, [layer.w, layer.scalar("weightDecay")], decayed) : r, "accumulate");
}

/** A LAMB whose ratio norm(w) / norm(r) is changed by `bounded`. */
function lambRule(
  parts: Pick<Rule, "name" | "doc" | "source" | "hyperparameters">,
  bounded: (ratio: Expr, bound: Expr) => Expr,
  extra: (layer: Layer) => readonly Tensor[],
): Rule {
  return {
    ...parts,
    corrections: biasCorrections,
    state: () => moments,
    step(layer) {
      const state = newMoments(
        layer,
        formula([layer.g], (g) => g),
      );
      const r = direction(layer, state);
      const lr = layer.scalar("lr");
      const norms = layer.scaled
        ? [
            lr,
            layer.weightSquare,
            squareSum(
              formula([r], (own) => own),
              layer.shape,
            ),
            ...extra(layer),
          ]
        : [];
      const rate = layer.scaled
        ? scalarOf(norms, (a, ww, rr, bound) => mul(a, bounded(unlessZero(ww, rr, div), bound)))
        : lr;
      return { direction: formula([r], (own) => own), scale: rate, state, rate };
    },
  };
}

export const lamb: Rule = lambRule(
  {
    name: "lamb",
    doc: "r = mhat / (sqrt(vhat) + eps) + wd w; w <- w - lr (|w| / |r|) r",
    source: "You et al. 2020 (papers/bn-relu 2.10), no clipping of the global gradient",
    hyperparameters,
  },
  (ratio) => ratio,
  () => [],
);

export const lambc: Rule = lambRule(
  {
    name: "lambc",
    doc: "LAMB with min(|w| / |r|, bound)",
    source: "Fong et al. 2020 (papers/bn-relu 2.10)",
    hyperparameters: {
      ...hyperparameters,
      bound: { default: 1, doc: "largest ratio", is: "a number above 0" },
    },
  },
  (ratio, bound) => min(ratio, bound),
  (layer) => [layer.scalar("bound")],
);
