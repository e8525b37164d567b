/** OFP8 E5M2: IEEE-like, with infinities (OCP 8-bit floating point specification 1.0, table 1). */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const float8_e5m2: Format = defineFormat("float8_e5m2", 5, 2);
