/** IEEE 754 binary32. */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const float32: Format = defineFormat("float32", 8, 23);
