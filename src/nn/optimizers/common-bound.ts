/** One bounded rate for all layers: the warm-up that ends by itself (papers/bn-relu 8.7). */
import { constant, div, min, mul } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { reshape } from "../../ops/reshape.ts";
import { factorRule } from "./descent.ts";
import { scalarOf, unlessZero } from "./formula.ts";
import type { Layer, Rule } from "./rule.ts";

/** norm(w) / norm(g); 1 where one is 0. */
const reach = ({ weightSquare, gradientSquare }: Layer): Tensor =>
  scalarOf([weightSquare, gradientSquare], (ww, gg) => unlessZero(ww, gg, div));

export const commonBound: Rule = factorRule({
  name: "common-bound",
  doc: "rate = min(lr, tau min over layers of |w| / |g|), the same for all",
  source: "papers/bn-relu 8.7, derived",
  hyperparameters: { tau: { default: 1, doc: "bound of the largest relative step", is: "a number above 0" } },
  corrections: [],
  common: (layers) =>
    reshape(
      layers.map(reach).reduce((least, own) => scalarOf([least, own], min)),
      [],
    ),
  factor: (layer, common) => ({
    factor: scalarOf([common as Tensor, layer.scalar("tau"), layer.scalar("lr")], (least, tau, lr) =>
      min(div(mul(tau, least), lr), constant(1)),
    ),
  }),
});
