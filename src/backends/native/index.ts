/** Printed C, compiled for this machine's full vector width by its own compiler. */
import type { Backend } from "../backend.ts";
import type { Target } from "./contract.ts";
import { compileNative } from "./engine.ts";
import { processorHere } from "./machine.ts";

/** The backend at a vector width of its own, in bits; the processor must have it. */
export function nativeAt(target: Target): Backend {
  return {
    name: "native",
    supports: () => true,
    compile: (kernels, precision, threads = 1) => compileNative(kernels, precision, threads, target),
  };
}

export const native: Backend = {
  name: "native",
  supports: () => true,
  compile: (kernels, precision, threads = 1) => compileNative(kernels, precision, threads, processorHere()),
};
