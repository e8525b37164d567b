/** LARC: the learning rate of a layer is clipped (`larc`) or scaled (`larc-scale`) by the ratio of its norms. */
import { add, constant, div, type Expr, min, mul } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { factorRule } from "./descent.ts";
import { scalarOf, unlessZero } from "./formula.ts";
import type { Hyperparameter } from "./hyperparameter.ts";
import type { Layer, Rule } from "./rule.ts";

const eta: Hyperparameter = { default: 0.02, doc: "trust coefficient", is: "a number above 0" };
const source = "NVIDIA/apex, apex.parallel.LARC (papers/bn-relu 2.10)";

/** eta norm(w) / (norm(g) + wd norm(w) + 1e-8), made into a factor of lr; 1 where a norm is 0. */
function factor(layer: Layer, write: (local: Expr, lr: Expr) => Expr): Tensor {
  const of = ["eta", "lr", "weightDecay"].map((name) => layer.scalar(name));
  return scalarOf([layer.weightSquare, layer.gradientSquare, ...of], (ww, gg, trust, lr, wd) =>
    unlessZero(ww, gg, (w, g) => {
      const bound = layer.decays ? add(g, mul(wd, w)) : g;
      return write(div(mul(trust, w), add(bound, constant(1e-8))), lr);
    }),
  );
}

export const larc: Rule = factorRule({
  name: "larc",
  doc: "SGD on min(1, local / lr) (g + wd w), local = eta |w| / (|g| + wd |w| + 1e-8)",
  source,
  hyperparameters: { eta },
  corrections: [],
  factor: (layer) => ({ factor: factor(layer, (local, lr) => min(div(local, lr), constant(1))) }),
});

export const larcScale: Rule = factorRule({
  name: "larc-scale",
  doc: "SGD on local (g + wd w), local = eta |w| / (|g| + wd |w| + 1e-8)",
  source,
  hyperparameters: { eta },
  corrections: [],
  factor: (layer) => ({ factor: factor(layer, (local) => local) }),
});
