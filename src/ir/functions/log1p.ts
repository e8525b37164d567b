/** log1p: log of the rounded 1 + x, corrected by the rounding error (the method of fdlibm s_log1p.c). */
import { abs, div, type Expr, lt, one, select } from "../expression.ts";
import { twoSum } from "./double.ts";
import { identityBound } from "./expm1.ts";
import { logCore, withLogLimits } from "./log.ts";

/** log(1 + x) within 1 ulp. */
export function log1pOf(x: Expr): Expr {
  const { head, tail } = twoSum(one, x);
  const value = withLogLimits(head, x, logCore(head, div(tail, head)));
  return select(lt(abs(x), identityBound), x, value);
}
