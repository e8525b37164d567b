/** The median of a few scalars as a program: ranks by comparing all pairs, ties in order. */
import { add, both, constant, div, type Expr, eq, index, input, lt, select } from "../../ir/expression.ts";
import type { Tensor } from "../../ir/trace.ts";
import { concat } from "../../ops/concat.ts";
import { reshape } from "../../ops/reshape.ts";
import { formula, scalarOf, sumOver } from "./formula.ts";

const one = constant(1);

/** The middle one, or the mean of the two in the middle, each rounded to the accumulate format. */
export function medianOf(scalars: readonly Tensor[]): Tensor {
  const count = scalars.length;
  const column = concat(
    scalars.map((scalar) => reshape(scalar, [1, 1])),
    0,
  );
  const row = reshape(column, [1, count]);
  const before: Expr = both(eq(input(1), input(0)), lt(index(1), index(0)));
  const smaller = select(lt(input(1), input(0)), one, before);
  const rank = sumOver({ of: [column, row], expr: smaller }, [count, count], [1]);
  const at = (place: number): Tensor =>
    sumOver(
      formula([rank, column], (r, x) => select(eq(r, constant(place)), x, constant(0))),
      [count, 1],
      [0, 1],
    );
  const [low, high] = [Math.floor((count - 1) / 2), Math.floor(count / 2)].map(at);
  return reshape(
    scalarOf([low, high], (a, b) => div(add(a, b), constant(2))),
    [],
  );
}
