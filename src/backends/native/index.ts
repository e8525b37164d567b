/** Printed C, compiled for this machine's full vector width by its own compiler. */
import type { Backend } from "../backend.ts";
import { isWorth, noteFailure } from "./auto.ts";
import type { Target } from "./contract.ts";
import { compileNative } from "./engine.ts";
import { processorHere } from "./machine.ts";
import { Unavailable } from "./unavailable.ts";

function nativeOn(target: () => Target): Backend {
  return {
    name: "native",
    supports: () => true,
    compile: (kernels, precision, threads = 1) => compileNative(kernels, precision, threads, target()),
    compileIfWorth: (kernels, precision, threads = 1) => {
      if (!isWorth(kernels, precision, target)) return undefined;
      try {
        return compileNative(kernels, precision, threads, target());
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        noteFailure(error);
        return undefined;
      }
    },
  };
}

/** The backend at a vector width of its own, in bits; the processor must have it. */
export const nativeAt = (target: Target): Backend => nativeOn(() => target);

export const native: Backend = nativeOn(processorHere);
