/** The reference backend: obvious, slow, and right by inspection. */
import { UsageError } from "../../base/errors.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Kernel } from "../../ir/loops.ts";
import type { Backend, Carrier, Engine } from "../backend.ts";
import { bufferOf, Choices, roundInto } from "../buffers.ts";
import { plan } from "../planner.ts";
import { Arena, carrierView, type Shared } from "./arena.ts";
import { prepare } from "./loops.ts";

export const js: Backend = {
  name: "js",
  supports: () => true,
  compile(kernels: Readonly<Record<string, Kernel>>, precision: Precision): Engine {
    const planned = plan(kernels, precision);
    const shared: Shared = {
      memory: new ArrayBuffer(planned.bytes),
      precision,
      choices: new Choices(kernels),
      step: 0,
    };
    const runs = new Map<string, (() => void)[]>();
    for (const [name, kernel] of Object.entries(planned.kernels)) {
      const arena = new Arena(name, kernel, shared);
      runs.set(
        name,
        kernel.kernel.loops.map((loop) => prepare(loop, arena)),
      );
    }
    const buffer = (name: string): Carrier => {
      const { type, offset } = bufferOf(planned, name);
      return carrierView(shared.memory, type, offset, precision);
    };
    return {
      backend: "js",
      bytes: planned.bytes,
      buffer,
      write: (name, data) => roundInto(buffer(name), bufferOf(planned, name), name, data, precision),
      setChoice: (name, value, kernel) => shared.choices.set(name, value, kernel),
      setStep: (step) => {
        shared.step = step;
      },
      run: (name) => {
        const steps = runs.get(name);
        if (steps === undefined) throw new UsageError(`the engine has no program '${name}'`);
        for (const step of steps) step();
      },
      dispose: () => undefined,
    };
  },
};
