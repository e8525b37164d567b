/** NVIDIA TF32: the range of float32, the precision of float16; 19 bits, stored in 32. */
import { defineFormat } from "./define.ts";
import type { Format } from "./format.ts";

export const tfloat32: Format = defineFormat("tfloat32", 8, 10);
