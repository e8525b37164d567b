/** WebAssembly SIMD emitted at run time, specialized to shapes, formats and precision. */
import type { Backend } from "../backend.ts";
import { compileWasm } from "./engine.ts";

export const wasm: Backend = { name: "wasm", supports: () => true, compile: compileWasm };
