/** Number formats: one per file, gathered here. */
export { bfloat16 } from "./bfloat16.ts";
export { decode, encode, hex } from "./bits.ts";
export { custom } from "./custom.ts";
export { saturating } from "./define.ts";
export { type Arithmetic, arithmetic } from "./exact.ts";
export { float8_e4m3 } from "./float8_e4m3.ts";
export { float8_e5m2 } from "./float8_e5m2.ts";
export { float16 } from "./float16.ts";
export { float32 } from "./float32.ts";
export { float64 } from "./float64.ts";
export type { Format, Rounding } from "./format.ts";
export { formatNamed, formats } from "./named.ts";
export { numericsVersion } from "./numerics-version.ts";
export { describe, formatOf, type Precision, type PrecisionSpec, precision } from "./precision.ts";
export { round, rounder, roundings } from "./round.ts";
export { tfloat32 } from "./tfloat32.ts";
