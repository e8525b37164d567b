/** The logistic function as an expression, without overflow or cancellation: used by sigmoid, softplus and silu. */
import { abs, add, div, type Expr, exp, ge, mul, neg, one, select, zero } from "../ir/expression.ts";

const decay = (x: Expr): Expr => exp(neg(abs(x)));

/** 1 / (1 + exp(-x)). */
export function logistic(x: Expr): Expr {
  const e = decay(x);
  return div(select(ge(x, zero), one, e), add(one, e));
}

/** Its derivative exp(-|x|) / (1 + exp(-|x|))^2. */
export function logisticSlope(x: Expr): Expr {
  const e = decay(x);
  const s = add(one, e);
  return div(e, mul(s, s));
}
