/** The engine's functions of one number, for closed forms: the bits that its programs have. */
import { interpret } from "../../backends/js/interpreter.ts";
import { constant, type Expr, erfc, exp as expExpr, input, log as logExpr, mul } from "../../ir/expression.ts";

function scalar(expr: Expr): (x: number) => number {
  const inputs = new Float64Array(1);
  const run = interpret(expr, {
    inputs,
    index: new Int32Array(0),
    choice: () => 0,
    option: (value) => value,
    draw: () => 0,
  });
  return (x) => {
    inputs[0] = x;
    return run();
  };
}

export const exp: (x: number) => number = scalar(expExpr(input(0)));
export const log: (x: number) => number = scalar(logExpr(input(0)));
/** Distribution function of the standard normal law. */
export const normalDistribution: (x: number) => number = scalar(
  mul(constant(0.5), erfc(mul(constant(-Math.SQRT1_2), input(0)))),
);
