/** How the terms of a reduction are combined in registers: blocked float sums, exact integer sums, extremes. */
import { sizeOf } from "../../base/shape.ts";
import { isFloat64 } from "../../formats/define.ts";
import type { Expr } from "../../ir/expression.ts";
import { isPlace } from "../../ir/expression-class.ts";
import type { ReduceLoop } from "../../ir/loops.ts";
import { accumulator } from "../js/accumulator.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { Context } from "./context.ts";
import type { Evaluator, HostSum } from "./evaluator.ts";
import type { Lanes } from "./lanes.ts";

const isConstant = (e: Expr, value: number): boolean => e.kind === "constant" && Object.is(e.value, value);

export interface Combiner {
  /** Whether a term changes nothing: +0 in a sum (which never is -0), the identity of an extreme. */
  ignores(element: Expr): boolean;
  /** Before the first term. */
  start(): void;
  /**
   * Takes the term on the stack. `inside` pushes all ones in the int32 lanes that are terms; without it all are.
   */
  step(inside?: () => void): void;
  /** Pushes the combined value; `across`: lanes are terms of one result. */
  finish(across: boolean): void;
}

/** float64 holds the sum of two numbers of so many significant bits well enough for one more rounding to nearest. */
const innocuousBits = 25;

/** Additions through JavaScript, where vectors alone cannot round as the precision wants. */
export function hostSumOf(context: Context, node: number): HostSum | undefined {
  const { accumulate, rounding } = context.precision;
  const native = isFloat64(accumulate) || accumulate.fractionBits + 1 <= innocuousBits;
  if (rounding === "nearest" && native) return undefined;
  const sums = accumulator(context.precision, node);
  const at = (element: number): void => sums.at(element, context.host.step);
  return {
    round: (x, _, element, k) => {
      at(element);
      return sums.round(x, k);
    },
    add: (a, b, element, k) => {
      at(element);
      return sums.add(a, b, k);
    },
  };
}

/** Sums of numerics.md: each block from +0 in index order, block sums added in order. */
export function floatSum(
  context: Context,
  f: FunctionBuilder,
  loop: ReduceLoop,
  evaluator: Evaluator,
  pushElement: (lane: number) => void,
): Combiner {
  const { accumulate, block } = context.precision;
  const terms = sizeOf(loop.reduced);
  const blocked = terms > block;
  const host = hostSumOf(context, loop.node);
  const [partial, total, term] = [f.local("v128"), f.local("v128"), f.local("v128")];
  const [inBlock, k] = [f.local("i32"), f.local("i32")];
  const coordinates = (lane: number): void => {
    pushElement(lane);
    f.get(k);
  };
  const zero = (): FunctionBuilder => f.splat(0, evaluator.lanes.scalar);
  const closeBlock = (): void => {
    f.get(total).get(partial);
    evaluator.add(accumulate, host, coordinates);
    f.set(total);
  };
  return {
    ignores: (element) => isConstant(element, 0) && host === undefined && !blocked,
    start: () => {
      zero().set(partial);
      if (host) f.i32(0).set(k);
      if (!blocked) return;
      zero().set(total);
      f.i32(0).set(inBlock);
    },
    step: () => {
      evaluator.roundTerm(loop.element, accumulate, host, coordinates);
      f.set(term).get(partial).get(term);
      evaluator.add(accumulate, host, coordinates);
      f.set(partial);
      if (host) f.increment(k, 1);
      if (!blocked) return;
      f.increment(inBlock, 1).get(inBlock).i32(block).op("i32.eq");
      f.if(() => {
        closeBlock();
        zero().set(partial);
        f.i32(0).set(inBlock);
      });
    },
    finish: () => {
      if (blocked && terms % block !== 0) closeBlock();
      f.get(blocked ? total : partial);
    },
  };
}

/** Exact sums of int32 terms. */
export function integerSum(f: FunctionBuilder, lanes: Lanes): Combiner {
  const sum = f.local("v128");
  return {
    ignores: (element) => isConstant(element, 0),
    start: () => f.splat(0, "i32").set(sum),
    step: (inside) => {
      if (inside) {
        inside();
        f.op("v128.and");
      }
      f.get(sum).op("i32x4.add").set(sum);
    },
    finish: (across) => {
      f.get(sum);
      if (!across) return;
      f.lane("i32x4.extract_lane", 0);
      for (let lane = 1; lane < lanes.count; lane++) f.get(sum).lane("i32x4.extract_lane", lane).op("i32.add");
      f.op("i32x4.splat");
    },
  };
}

/** Whether an expression only ever is a number (no NaN): its value is chosen among constants and indices. */
function isNumber(e: Expr): boolean {
  if (e.kind === "select") return isNumber(e.a) && isNumber(e.b);
  return e.kind === "compare" || isPlace(e) || (e.kind === "constant" && !Number.isNaN(e.value));
}

/**
 * IEEE maximum or minimum: associative and commutative, so any order gives the same number. The machine's own comparison
 * finds the magnitude. The sign of a maximum is negative where those of all terms are (-0 < +0), that of a minimum
 * where one is. NaNs are found apart. Each of the three is one instruction deep per term.
 */
export function extreme(f: FunctionBuilder, lanes: Lanes, combine: "max" | "min", element: Expr): Combiner {
  const [best, term, signs, nans] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
  const { name, scalar, integers, signBit } = lanes;
  const hasNaNs = !isNumber(element);
  const least = combine === "max" ? -Infinity : Infinity;
  const identity = (): FunctionBuilder => f.splat(least, scalar);
  const signMask = (): FunctionBuilder =>
    integers === "i32x4" ? f.splat(Number(signBit), "i32") : f.splat(signBit, "i64");
  const pushCombined = (): void => {
    f.get(signs).get(best);
    signMask().op("v128.bitselect");
    if (hasNaNs) f.get(nans).op("v128.or");
  };
  return {
    ignores: (expr) => isConstant(expr, least),
    start: () => {
      identity().set(best);
      identity().set(signs);
      if (hasNaNs) f.splat(0, "i32").set(nans);
    },
    step: (inside) => {
      if (inside) {
        identity();
        inside();
        if (lanes.count === 2) f.op("i64x2.extend_low_i32x4_s");
        f.op("v128.bitselect");
      }
      f.set(term).get(best).get(term).op(`${name}.p${combine}`).set(best);
      f.get(signs)
        .get(term)
        .op(combine === "max" ? "v128.and" : "v128.or")
        .set(signs);
      if (hasNaNs) f.get(nans).get(term).get(term).op(`${name}.ne`).op("v128.or").set(nans);
    },
    finish: (across) => {
      pushCombined();
      if (!across) return;
      for (let distance = lanes.count / 2; distance >= 1; distance /= 2) {
        const rotated = Array.from({ length: lanes.count }, (_, lane) => lane ^ distance);
        f.tee(best).get(best).get(best).shuffleLanes(rotated).op(`${name}.${combine}`);
      }
    },
  };
}
