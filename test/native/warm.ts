/** Compiles the printed code of many programs at once: first a run that only notes them, then the real one. */
import type { Backend, Engine } from "../../src/backends/backend.ts";
import { bufferOf, roundInto } from "../../src/backends/buffers.ts";
import { carrierView } from "../../src/backends/js/arena.ts";
import type { Target } from "../../src/backends/native/contract.ts";
import { prepareNative, type Request } from "../../src/backends/native/engine.ts";
import { nativeAt } from "../../src/backends/native/index.ts";
import { plan } from "../../src/backends/planner.ts";

/** A backend whose engines compute nothing. */
export function recorder(): { readonly backend: Backend; readonly requests: Request[] } {
  const requests: Request[] = [];
  const backend: Backend = {
    name: "recorder",
    supports: () => true,
    compile: (kernels, precision): Engine => {
      requests.push({ kernels, precision });
      const planned = plan(kernels, precision);
      const memory = new ArrayBuffer(planned.bytes);
      const buffer: Engine["buffer"] = (name) => {
        const { type, offset } = bufferOf(planned, name);
        return carrierView(memory, type, offset, precision);
      };
      return {
        backend: "recorder",
        bytes: planned.bytes,
        buffer,
        write: (name, data) => roundInto(buffer(name), bufferOf(planned, name), name, data, precision),
        setChoice: () => undefined,
        setStep: () => undefined,
        run: () => undefined,
        dispose: () => undefined,
      };
    },
  };
  return { backend, requests };
}

/** What `run` gives on the native backend, everything it needs compiled in one go. */
export async function warmed<T>(target: Target, run: (backend: Backend) => T | Promise<T>): Promise<T> {
  const { backend, requests } = recorder();
  await run(backend);
  prepareNative(requests, target);
  return run(nativeAt(target));
}
