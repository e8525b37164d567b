/** Ways to multiply and add inside a contraction that the machine does not have: correct, and slower. */

import { isFloat32, isFloat64 } from "../../formats/define.ts";
import { fmaFloat64 } from "../../formats/exact.ts";
import type { Format } from "../../formats/format.ts";
import { roundingExpr } from "../../formats/rounding.ts";
import { input } from "../../ir/expression.ts";
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import type { Host } from "./context.ts";
import { printExpression } from "./expression.ts";
import { float64Lanes, type Lanes, roundToFloat32 } from "./lanes.ts";
import type { Steps } from "./tile.ts";

/** Replaces the vector on the stack by its lanes rounded to nearest in `format`. */
export function roundLanes(f: FunctionBuilder, lanes: Lanes, format: Format, flush = false): void {
  if (isFloat64(format) && !flush) return;
  if (isFloat32(format) && !flush) {
    roundToFloat32(f, lanes);
    return;
  }
  const x = f.local("v128");
  f.set(x);
  const machine = lanes === float64Lanes ? "float64" : "float32";
  const unbound = (): never => {
    throw new Error("rounding: the expression has one input and nothing else");
  };
  const bindings = { input: () => f.get(x), option: unbound, choice: unbound, index: unbound, draw: unbound };
  printExpression(f, lanes, roundingExpr(format, "nearest", flush, input(0), undefined, machine), bindings);
}

/**
 * Product rounded to `format`, sum rounded to `format`. Right in float64 lanes for formats of at most 24 significant
 * bits and operands whose products float64 holds, in float32 lanes for at most 11 bits (both operands and format) and 7
 * exponent bits: rounding twice then is rounding once (docs/numerics.md).
 */
export function narrowSteps(lanes: Lanes, format: Format): Steps {
  const add = (f: FunctionBuilder): void => {
    f.op(`${lanes.name}.add`);
    roundLanes(f, lanes, format);
  };
  return {
    name: `${lanes.name}.narrow.${JSON.stringify(format)}`,
    lanes,
    unroll: 1,
    multiplyAdd: (f, sum, a, b) => {
      f.get(a).get(b).op(`${lanes.name}.mul`);
      roundLanes(f, lanes, format);
      f.get(sum);
      add(f);
      f.set(sum);
    },
    add,
  };
}

/** Error of the sum s = x + y: s + error is exact (Knuth's TwoSum). Pops nothing; pushes the error. */
function pushSumError(f: FunctionBuilder, x: Local, y: Local, s: Local): void {
  const part = f.local("v128");
  f.get(s).get(x).op("f64x2.sub").set(part);
  f.get(x).get(s).get(part).op("f64x2.sub").op("f64x2.sub");
  f.get(y).get(part).op("f64x2.sub").op("f64x2.add");
}

/**
 * Pushes x + y rounded to odd: where the sum is inexact the neighbor of the exact sum whose last bit is 1. Then rounding
 * to any format of at most 51 bits is rounding the exact sum (Boldo and Melquiond, 2008).
 */
export function pushOddSum(f: FunctionBuilder, x: Local, y: Local): void {
  const [s, error] = [f.local("v128"), f.local("v128")];
  f.get(x).get(y).op("f64x2.add").set(s);
  pushSumError(f, x, y, s);
  f.set(error);
  // +1 or -1 to the bits, towards the error, where the error is a number but 0 and the last bit is 0.
  f.get(s);
  f.get(error).get(s).op("v128.xor").i32(63).op("i64x2.shr_s").splat(1n, "i64").op("v128.or");
  f.get(error).op("f64x2.abs").splat(0, "f64").op("f64x2.gt").op("v128.and");
  f.get(s).splat(1n, "i64").op("v128.and").splat(1n, "i64").op("i64x2.sub").op("v128.and");
  f.op("i64x2.add");
}

/** One rounding of a * b + c to `format`, for operands of at most 24 bits: their product is exact in float64. */
export function fusedNarrowSteps(format: Format): Steps {
  const lanes = float64Lanes;
  return {
    name: `fused.${JSON.stringify(format)}`,
    lanes,
    unroll: 1,
    multiplyAdd: (f, sum, a, b) => {
      const product = f.local("v128");
      f.get(a).get(b).op("f64x2.mul").set(product);
      pushOddSum(f, product, sum);
      roundLanes(f, lanes, format);
      f.set(sum);
    },
    add: narrowSteps(lanes, format).add,
  };
}

/** Pushes the upper 26 bits of x (Veltkamp). */
function pushHigh(f: FunctionBuilder, x: Local): void {
  const scaled = f.local("v128");
  f.get(x).splat(134217729, "f64").op("f64x2.mul").set(scaled);
  f.get(scaled).get(scaled).get(x).op("f64x2.sub").op("f64x2.sub");
}

/** Error of the product p = x * y (Dekker); exact where nothing overflows or underflows. */
function pushProductError(f: FunctionBuilder, x: Local, y: Local, p: Local): void {
  const [xHigh, xLow, yHigh, yLow] = Array.from({ length: 4 }, () => f.local("v128"));
  pushHigh(f, x);
  f.set(xHigh).get(x).get(xHigh).op("f64x2.sub").set(xLow);
  pushHigh(f, y);
  f.set(yHigh).get(y).get(yHigh).op("f64x2.sub").set(yLow);
  f.get(xHigh).get(yHigh).op("f64x2.mul").get(p).op("f64x2.sub");
  f.get(xHigh).get(yLow).op("f64x2.mul").op("f64x2.add");
  f.get(xLow).get(yHigh).op("f64x2.mul").op("f64x2.add");
  f.get(xLow).get(yLow).op("f64x2.mul").op("f64x2.add");
}

/** (a, b, c) -> fusedMultiplyAdd of both lanes by the reference's scalar function: for the ends of the exponent range. */
function emitScalarFma(module: Module, host: Host): FunctionBuilder {
  const bits = new DataView(new ArrayBuffer(8));
  const number = host.register((a, b, low, high) => {
    bits.setInt32(0, low, true);
    bits.setInt32(4, high, true);
    return fmaFloat64(a, b, bits.getFloat64(0, true));
  });
  const f = module.function(["v128", "v128", "v128"], ["v128"]);
  const result = f.local("v128");
  for (const lane of [0, 1]) {
    f.get(result).i32(number);
    f.get(0).lane("f64x2.extract_lane", lane).get(1).lane("f64x2.extract_lane", lane);
    f.get(2)
      .lane("i32x4.extract_lane", 2 * lane)
      .get(2)
      .lane("i32x4.extract_lane", 2 * lane + 1);
    f.call(host.callee).lane("f64x2.replace_lane", lane).set(result);
  }
  f.get(result);
  return f;
}

/**
 * float64 fusedMultiplyAdd from error-free sums and products (Boldo and Melquiond, "Emulation of FMA and correctly rounded
 * sums", 2008, algorithm Fmac); outside 2^-900 .. 2^900 the scalar function. A product with a zero factor is exact.
 */
export function fusedFloat64Steps(module: Module, host: Host): Steps {
  const slow = emitScalarFma(module, host);
  const multiplyAdd = (f: FunctionBuilder, sum: Local, a: Local, b: Local): void => {
    const names = ["p", "e", "t", "tLow", "v", "vLow", "plain", "zero"] as const;
    const at = Object.fromEntries(names.map((name) => [name, f.local("v128")])) as Record<
      (typeof names)[number],
      Local
    >;
    f.get(a).get(b).op("f64x2.mul").set(at.p);
    pushProductError(f, a, b, at.p);
    f.set(at.e).get(at.e).get(sum).op("f64x2.add").set(at.t);
    pushSumError(f, at.e, sum, at.t);
    f.set(at.tLow).get(at.p).get(at.t).op("f64x2.add").set(at.v);
    pushSumError(f, at.p, at.t, at.v);
    f.set(at.vLow);
    for (const x of [a, b]) f.get(x).splat(0, "f64").op("f64x2.eq");
    f.op("v128.or").set(at.zero);
    f.get(at.p).get(sum).op("f64x2.add").get(at.v);
    pushOddSum(f, at.tLow, at.vLow);
    f.op("f64x2.add").get(at.zero).op("v128.bitselect").set(at.plain);
    // Safe: 2^-900 <= |p| <= 2^900 or a zero factor; |a|, |b|, |sum| <= 2^900.
    f.get(at.p)
      .op("f64x2.abs")
      .splat(2 ** -900, "f64")
      .op("f64x2.ge")
      .get(at.zero)
      .op("v128.or");
    for (const x of [at.p, a, b, sum])
      f.get(x)
        .op("f64x2.abs")
        .splat(2 ** 900, "f64")
        .op("f64x2.le")
        .op("v128.and");
    f.op("i64x2.all_true").op("i32.eqz");
    f.if(() => f.get(a).get(b).get(sum).call(slow).set(at.plain));
    f.get(at.plain).set(sum);
  };
  return { name: "f64x2.fused", lanes: float64Lanes, unroll: 1, multiplyAdd, add: (f) => f.op("f64x2.add") };
}
