/** Expressions as text for people. */
import type { CompareName, Expr } from "./expression.ts";

const infix: Readonly<Record<string, string>> = { add: "+", sub: "-", mul: "*", div: "/" };
const comparisons: Readonly<Record<CompareName, string>> = { eq: "==", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" };

const number = (value: number): string => (Object.is(value, -0) ? "-0" : `${value}`);

/** `select(x0 <= 0, 0, x1 * 2)`; operands are named by `nameOf`. */
export function showExpression(root: Expr, nameOf: (input: number) => string = (input) => `x${input}`): string {
  const show = (e: Expr, inner: boolean): string => {
    switch (e.kind) {
      case "input":
        return nameOf(e.input);
      case "constant":
        return number(e.value);
      case "option":
        return `option(${number(e.value)})`;
      case "choice":
        return `[${e.name}]`;
      case "index":
        return `index${e.axis}`;
      case "draw":
        return `draw${e.stream}(${show(e.a, false)}, ${show(e.b, false)})`;
      case "unary":
        return e.name === "neg" ? `-${show(e.x, true)}` : `${e.name}(${show(e.x, false)})`;
      case "select":
        return `select(${show(e.test, false)}, ${show(e.a, false)}, ${show(e.b, false)})`;
      default: {
        const sign = e.kind === "compare" ? comparisons[e.name] : infix[e.name];
        if (sign === undefined) return `${e.name}(${show(e.a, false)}, ${show(e.b, false)})`;
        const text = `${show(e.a, true)} ${sign} ${show(e.b, true)}`;
        return inner ? `(${text})` : text;
      }
    }
  };
  return show(root, false);
}
