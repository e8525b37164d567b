/** bfloat16: the upper half of a float32. */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const bfloat16: Format = defineFormat("bfloat16", 8, 7);
