/** The two vector arithmetics of printed C: names of types and functions in `runtime/lanes.h`. */
import type { CarrierName } from "../layout.ts";
import { type Lanes as WasmLanes, float32Lanes as wasmFloat32 } from "../wasm/lanes.ts";

export interface Lanes {
  readonly scalar: "float" | "double";
  readonly vector: "f32v" | "f64v";
  /** Vectors of int32 with as many lanes, and of integers of the lanes' width. */
  readonly integers: "i32v" | "i32x";
  readonly mask: "i32v" | "i64v";
  /** Ends the names of functions. */
  readonly suffix: "32" | "64";
  /** C constant: lanes of a vector. */
  readonly count: "LANES32" | "LANES64";
  readonly bytes: 4 | 8;
  readonly carrier: "float32" | "float64";
}

export const float32Lanes: Lanes = {
  scalar: "float",
  vector: "f32v",
  integers: "i32v",
  mask: "i32v",
  suffix: "32",
  count: "LANES32",
  bytes: 4,
  carrier: "float32",
};

export const float64Lanes: Lanes = {
  scalar: "double",
  vector: "f64v",
  integers: "i32x",
  mask: "i64v",
  suffix: "64",
  count: "LANES64",
  bytes: 8,
  carrier: "float64",
};

export const lanesLike = (lanes: WasmLanes): Lanes => (lanes === wasmFloat32 ? float32Lanes : float64Lanes);

const floats: Readonly<Record<"f32v" | "f64v", { readonly float32: string; readonly float64: string }>> = {
  f32v: { float32: "f32v_at", float64: "" },
  f64v: { float32: "f32x_at", float64: "f64v_at" },
};

/** A vector of numbers loaded from the carrier's elements at `address`, a C expression. */
export function load(lanes: Lanes, carrier: CarrierName, address: string): string {
  if (carrier === "int32") return `whole${lanes.suffix}(*(const ${lanes.integers}_at *)(${address}))`;
  const loaded = `*(const ${floats[lanes.vector][carrier]} *)(${address})`;
  return carrier === lanes.carrier ? loaded : `widen32(${loaded})`;
}

/** A statement that stores a vector of numbers as the carrier's elements: float64 lanes round to float32 here. */
export function store(lanes: Lanes, carrier: CarrierName, address: string, value: string): string {
  if (carrier === "int32") return `*(${lanes.integers}_at *)(${address}) = integer${lanes.suffix}(${value});`;
  const stored = carrier === lanes.carrier ? value : `narrow64(${value})`;
  return `*(${floats[lanes.vector][carrier]} *)(${address}) = ${stored};`;
}

export const scalarType = (carrier: CarrierName): string =>
  carrier === "int32" ? "int" : carrier === "float32" ? "float" : "double";

const view = new DataView(new ArrayBuffer(8));

/** A float64 as an exact C constant. */
export function literal(x: number): string {
  if (Number.isNaN(x)) return '__builtin_nan("")';
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (Math.abs(x) === Infinity) return `${sign}__builtin_inf()`;
  view.setFloat64(0, Math.abs(x));
  const field = view.getUint32(0) >>> 20;
  const fraction = (view.getBigUint64(0) & 0xfffffffffffffn).toString(16).padStart(13, "0");
  return field === 0 ? `${sign}0x0.${fraction}p-1022` : `${sign}0x1.${fraction}p${field - 1023}`;
}

/** A vector of one number in all lanes. */
export function constantVector(lanes: Lanes, x: number): string {
  return `splat${lanes.suffix}((${lanes.scalar})${literal(x)})`;
}
