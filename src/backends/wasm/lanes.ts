/** The two vector arithmetics that expressions are printed in: four float32 or two float64 lanes. */
import type { CarrierName } from "../layout.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";

export interface Lanes {
  readonly name: "f32x4" | "f64x2";
  /** The integer vector of the same width. */
  readonly integers: "i32x4" | "i64x2";
  readonly scalar: "f32" | "f64";
  readonly count: 4 | 2;
  /** log2 of the bytes of a lane. */
  readonly logBytes: 2 | 3;
  readonly signBit: bigint;
  readonly exponentMask: bigint;
  readonly fractionBits: number;
  readonly bias: number;
}

export const float32Lanes: Lanes = {
  name: "f32x4",
  integers: "i32x4",
  scalar: "f32",
  count: 4,
  logBytes: 2,
  signBit: 0x80000000n,
  exponentMask: 0x7f800000n,
  fractionBits: 23,
  bias: 127,
};

export const float64Lanes: Lanes = {
  name: "f64x2",
  integers: "i64x2",
  scalar: "f64",
  count: 2,
  logBytes: 3,
  signBit: 0x8000000000000000n,
  exponentMask: 0x7ff0000000000000n,
  fractionBits: 52,
  bias: 1023,
};

/** Replaces the vector on the stack, just loaded in the carrier's own lanes (low half first), by lanes of numbers. */
export function widen(f: FunctionBuilder, lanes: Lanes, carrier: CarrierName): void {
  if (lanes.name === "f32x4") {
    if (carrier === "int32") f.op("f32x4.convert_i32x4_s");
  } else if (carrier === "float32") f.op("f64x2.promote_low_f32x4");
  else if (carrier === "int32") f.op("f64x2.convert_low_i32x4_s");
}

/** The inverse of `widen`: rounds float64 lanes to float32, truncates numbers to int32. */
export function narrow(f: FunctionBuilder, lanes: Lanes, carrier: CarrierName): void {
  if (lanes.name === "f32x4") {
    if (carrier === "int32") f.op("i32x4.trunc_sat_f32x4_s");
  } else if (carrier === "float32") f.op("f32x4.demote_f64x2_zero");
  else if (carrier === "int32") f.op("i32x4.trunc_sat_f64x2_s_zero");
}

/** Rounds every lane to float32 (nothing to do for float32 lanes). */
export function roundToFloat32(f: FunctionBuilder, lanes: Lanes): void {
  if (lanes.name === "f64x2") f.op("f32x4.demote_f64x2_zero").op("f64x2.promote_low_f32x4");
}

/** Applies a scalar float64 computation to each lane: `body(lane)` pushes an f64. */
export function eachLane(f: FunctionBuilder, result: Local, body: (lane: number) => void): void {
  for (let lane = 0; lane < float64Lanes.count; lane++) {
    f.get(result);
    body(lane);
    f.lane("f64x2.replace_lane", lane).set(result);
  }
}
