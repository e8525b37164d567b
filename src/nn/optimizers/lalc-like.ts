/**
 * Candidates for the layer-wise asymmetric clipping of learning rates whose text is not available (papers/bn-relu 2.11): a
 * layer's rate is cut where its gradient is large and never raised. Where no bound binds they are SGD bit for bit.
 */
import { add, constant, div, type Expr, lt, max, min, mul, select, sqrt, sub } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { factorRule } from "./descent.ts";
import { elementsOf, formula, scalarOf, unlessZero } from "./formula.ts";
import { beta, type Hyperparameter } from "./hyperparameter.ts";
import { medianOf } from "./median.ts";
import { wholePower } from "./power.ts";
import type { Layer, Rule } from "./rule.ts";

const tau: Hyperparameter = { default: 0.02, doc: "bound of the relative step", is: "a number above 0" };
const source = "papers/bn-relu 2.11, derived; not the published LALC";
const one = constant(1);

/** min(1, bound / lr), where `bound` is of the norms of w and g; 1 where one is 0. */
function clipped(layer: Layer, bound: (w: Expr, g: Expr, tau: Expr) => Expr): { factor: Tensor } {
  const of = [layer.weightSquare, layer.gradientSquare, layer.scalar("tau"), layer.scalar("lr")];
  return {
    factor: scalarOf(of, (ww, gg, limit, lr) => unlessZero(ww, gg, (w, g) => min(div(bound(w, g, limit), lr), one))),
  };
}

export const lalcLikeA: Rule = factorRule({
  name: "lalc-like-a",
  doc: "rate = min(lr, tau |w| / |g|)",
  source,
  hyperparameters: { tau },
  corrections: [],
  factor: (layer) => clipped(layer, (w, g, limit) => div(mul(limit, w), g)),
});

export const lalcLikeB: Rule = factorRule({
  name: "lalc-like-b",
  doc: "rate = min(lr, tau |w| / max(|g|, G)), G^2 the corrected running mean of |g|^2",
  source,
  hyperparameters: { tau, memory: beta(0.9, "memory of the second") },
  corrections: [{ name: "correction", at: ({ memory }, t) => 1 - wholePower(memory, t) }],
  state: () => [{ name: "memory", like: "scalar" }],
  factor(layer) {
    const { gradientSquare, weightSquare } = layer;
    const decay = layer.scalar("memory");
    const blend = (old: Expr, gg: Expr, b: Expr): Expr => add(mul(b, old), mul(sub(one, b), gg));
    const memory = elementsOf(formula([layer.state("memory"), gradientSquare, decay], blend), "accumulate");
    const of = [weightSquare, gradientSquare, memory, ...["correction", "tau", "lr"].map((name) => layer.scalar(name))];
    const factor = scalarOf(of, (ww, gg, past, c, limit, lr) =>
      unlessZero(ww, gg, (w, g) => min(div(div(mul(limit, w), max(g, sqrt(div(past, c)))), lr), one)),
    );
    return { factor, state: { memory } };
  },
});

export const lalcLikeC: Rule = factorRule({
  name: "lalc-like-c",
  doc: "rate = min(lr, tau |w|^2 / |g|^2)",
  source,
  hyperparameters: { tau: { ...tau, default: 0.1, doc: "bound, in units of the loss" } },
  corrections: [],
  factor: (layer) => clipped(layer, (w, g, limit) => div(mul(limit, mul(w, w)), mul(g, g))),
});

/** |g| / |w|; 0 where |w| is 0. */
const relative = (ww: Expr, gg: Expr): Expr => select(lt(constant(0), ww), div(sqrt(gg), sqrt(ww)), constant(0));

export const lalcLikeD: Rule = factorRule({
  name: "lalc-like-d",
  doc: "rate = lr min(1, c median over layers of |g| / |w| divided by the layer's)",
  source,
  hyperparameters: { c: { default: 2, doc: "multiple of the median layer's ratio", is: "a number above 0" } },
  corrections: [],
  common: (layers) =>
    medianOf(layers.map(({ weightSquare, gradientSquare }) => scalarOf([weightSquare, gradientSquare], relative))),
  factor(layer, median) {
    const of = [layer.weightSquare, layer.gradientSquare, median as Tensor, layer.scalar("c")];
    return {
      factor: scalarOf(of, (ww, gg, middle, c) =>
        unlessZero(ww, gg, (w, g) => min(div(mul(c, middle), div(g, w)), one)),
      ),
    };
  },
});
