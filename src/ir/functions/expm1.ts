/** expm1: e^x - 1 without cancellation. */
import { abs, add, constant, type Expr, lt, max, min, mul, pow2, select, sub, zero } from "../expression.ts";
import { type Double, fastTwoSum } from "./double.ts";
import { reduce } from "./exp.ts";

/** Below this |x|, f(x) = x to the last bit for expm1, log1p and tanh; it keeps -0 and subnormals. */
export const identityBound: Expr = constant(2 ** -54);

/** (e^x - 1) / 2 as a pair, from 2^k (1 + high + low) - 1; x within [-50, 710]. Halved so that 2^1024 does not occur. */
export function halfExpm1(x: Expr): Double {
  const { k, high, low } = reduce(x, zero);
  const power = pow2(sub(k, constant(1)));
  const sum = fastTwoSum(sub(power, constant(0.5)), mul(power, high));
  return fastTwoSum(sum.head, add(sum.tail, mul(power, low)));
}

/** e^x - 1 within 1 ulp. */
export function expm1Of(x: Expr): Expr {
  const { head } = halfExpm1(max(min(x, constant(710)), constant(-50)));
  return select(lt(abs(x), identityBound), x, mul(constant(2), head));
}
