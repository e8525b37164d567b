/**
 * OFP8 E4M3 (OCP 8-bit floating point specification 1.0, table 1; PyTorch's float8_e4m3fn): no infinities, S.1111.111
 * is NaN, so the largest number is S.1111.110 = 448.
 */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const float8_e4m3: Format = defineFormat("float8_e4m3", 4, 3, { infinities: false, largest: 448 });
