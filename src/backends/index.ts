/** Backends: what turns lowered programs into things that run. */
export type { Backend, Carrier, Engine } from "./backend.ts";
export { js } from "./js/index.ts";
export { wasm } from "./wasm/index.ts";
export { type Probe, probe } from "./wasm/probe.ts";
