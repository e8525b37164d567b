/** IEEE 754 binary64. */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const float64: Format = defineFormat("float64", 11, 52);
