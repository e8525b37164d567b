/** IEEE 754 binary16. */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const float16: Format = defineFormat("float16", 5, 10);
