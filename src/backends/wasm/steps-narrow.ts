/**
 * Sums in formats of at most 11 significant bits at speed, in float32 lanes. Only what a sum can see is kept: sums start
 * from +0 and never become -0, so the sign of a product that is 0 does not matter; sums of values of a format are
 * multiples of its smallest subnormal, so they need no care near 0.
 */
import type { Format } from "../../formats/format.ts";
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import { float32Lanes, float64Lanes } from "./lanes.ts";
import { roundLanes } from "./steps-exact.ts";
import type { Steps } from "./tile.ts";

const lanes = float32Lanes;

const bitsOf = (x: number): number => new Int32Array(Float32Array.of(x).buffer)[0];

/** How sums of a format are held and what happens beyond the largest number. */
type Overflow = "infinity" | "NaN";

function overflowOf(format: Format): Overflow | undefined {
  if (format.saturate) return undefined;
  return format.infinities ? "infinity" : "NaN";
}

/** Whether `fastNarrowSteps` serves; the operands must be of formats with at most 11 significant bits too. */
export function hasFastSteps(format: Format): boolean {
  const overflow = overflowOf(format);
  if (overflow === undefined || format.fractionBits > 10 || format.fractionBits < 1) return false;
  return format.exponentBits <= 7 || (format.exponentBits === 8 && overflow === "infinity");
}

/**
 * Rounds the vector on the stack, magnitudes up to that of the largest number's binade: x + anchor - anchor, where the anchor is 1.5 times
 * the power of two whose last bit is the quantum of x. Magnitudes beyond stay beyond; infinity and NaN stay.
 */
function roundByAnchor(f: FunctionBuilder, format: Format, subnormals: boolean): void {
  const [x, anchor] = [f.local("v128"), f.local("v128")];
  f.tee(x).splat(bitsOf(Infinity), "i32").op("v128.and");
  if (subnormals) f.splat(bitsOf(format.smallestNormal), "i32").op("i32x4.max_s");
  f.splat(bitsOf(format.largest) & bitsOf(Infinity), "i32").op("i32x4.min_s");
  f.splat(((23 - format.fractionBits) << 23) + (1 << 22), "i32")
    .op("i32x4.add")
    .tee(anchor);
  f.get(x).op("f32x4.add").get(anchor).op("f32x4.sub");
}

/** Rounds normal numbers on the stack to nearest even in their bits; beyond 2^128 that gives infinity. */
function roundBits(f: FunctionBuilder, format: Format): void {
  const x = f.local("v128");
  const dropped = 23 - format.fractionBits;
  f.tee(x).i32(dropped).op("i32x4.shr_u").splat(1, "i32").op("v128.and");
  f.splat((1 << (dropped - 1)) - 1, "i32")
    .op("i32x4.add")
    .get(x)
    .op("i32x4.add");
  f.splat(-1 << dropped, "i32").op("v128.and");
}

/** NaN where the magnitude on the stack exceeds the largest number. */
function overflowToNaN(f: FunctionBuilder, format: Format): void {
  const x = f.local("v128");
  f.tee(x).get(x).op("f32x4.abs").splat(format.largest, "f32").op("f32x4.gt").op("v128.or");
}

/** The NaN whose bits integer rounding leaves a NaN. */
function prepare(f: FunctionBuilder): void {
  const x = f.local("v128");
  f.tee(x).splat(Number.NaN, "f32").get(x).get(x).op("f32x4.eq").op("v128.bitselect");
}

function stepsFrom(
  name: string,
  format: Format,
  scale: number | undefined,
  product: Steps["multiplyAdd"],
  add: Steps["add"],
): Steps {
  return {
    name: `${name}.${JSON.stringify(format)}`,
    lanes,
    unroll: 2,
    ...(scale === undefined ? {} : { scale }),
    prepare,
    multiplyAdd: (f, sum, a, b) => {
      product(f, sum, a, b);
      f.get(sum);
      add(f);
      f.set(sum);
    },
    add,
  };
}

/** Products of bfloat16 and its like are exact in float32 but where they are subnormal: there float64 computes them. */
function emitSmallProduct(module: Module, format: Format): FunctionBuilder {
  const f = module.function(["v128", "v128"], ["v128"]);
  const half = (high: boolean): void => {
    for (const operand of [0, 1]) {
      f.get(operand);
      if (high) f.get(operand).shuffleLanes([2, 3, 2, 3]);
      f.op("f64x2.promote_low_f32x4");
    }
    f.op("f64x2.mul");
    roundLanes(f, float64Lanes, format);
    f.op("f32x4.demote_f64x2_zero");
  };
  half(false);
  half(true);
  f.shuffleLanes([0, 1, 4, 5]);
  return f;
}

/**
 * Product rounded, sum rounded. Formats of up to 7 exponent bits are summed scaled to the top of the range of float32, so
 * that overflow is float32's own.
 */
export function fastNarrowSteps(module: Module, format: Format): Steps {
  const addBits = (f: FunctionBuilder): void => {
    f.op("f32x4.add");
    roundBits(f, format);
  };
  if (overflowOf(format) === "NaN") {
    const product = (f: FunctionBuilder, _sum: Local, a: Local, b: Local): void => {
      f.get(a).get(b).op("f32x4.mul");
      roundByAnchor(f, format, true);
      overflowToNaN(f, format);
    };
    const add = (f: FunctionBuilder): void => {
      f.op("f32x4.add");
      roundByAnchor(f, format, false);
      overflowToNaN(f, format);
    };
    return stepsFrom("narrow.nan", format, undefined, product, add);
  }
  if (format.exponentBits <= 7) {
    const scale = 2 ** (127 - format.bias);
    const product = (f: FunctionBuilder, _sum: Local, a: Local, b: Local): void => {
      f.get(a).get(b).op("f32x4.mul");
      roundByAnchor(f, format, true);
      f.splat(scale, "f32").op("f32x4.mul");
    };
    return stepsFrom("narrow.scaled", format, scale, product, addBits);
  }
  const small = emitSmallProduct(module, format);
  const product = (f: FunctionBuilder, _sum: Local, a: Local, b: Local): void => {
    const [p, rounded] = [f.local("v128"), f.local("v128")];
    f.get(a).get(b).op("f32x4.mul").tee(p);
    roundBits(f, format);
    f.set(rounded);
    // 0 < |p| < 2^-126, in one unsigned comparison.
    f.get(p)
      .op("f32x4.abs")
      .splat(1, "i32")
      .op("i32x4.sub")
      .splat(0x7fffff, "i32")
      .op("i32x4.lt_u")
      .op("v128.any_true");
    f.if(() => f.get(a).get(b).call(small).set(rounded));
    f.get(rounded);
  };
  return stepsFrom("narrow.wide", format, undefined, product, addBits);
}
