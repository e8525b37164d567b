/**
 * When `auto` takes printed C. Code that is compiled already: always. Else programs whose work repays the wait wait for the
 * compiler; for smaller ones it works in the background and WebAssembly runs meanwhile; tiny ones are not worth it.
 */
import { sizeOf } from "../../base/shape.ts";
import type { Precision } from "../../formats/precision.ts";
import type { Kernel, Loop } from "../../ir/loops.ts";
import { writesOf } from "../planner.ts";
import { builtin } from "./builtin.ts";
import { areCached, compileInBackground } from "./compiler.ts";
import type { Target } from "./contract.ts";
import { sourcesFor } from "./engine.ts";
import { missingUnits } from "./library.ts";
import { compilerHere, processorHere } from "./machine.ts";
import { Unavailable } from "./unavailable.ts";

/** Multiply-adds and elements of one run of all programs of an engine. */
const leastWork = 2 ** 20;
const waitingWork = 2 ** 24;

let failure: string | undefined;

/** Notes why printed C does not work, says so once, and keeps `auto` away from it. */
export function noteFailure(error: unknown): void {
  if (failure !== undefined) return;
  failure = error instanceof Error ? error.message : String(error);
  // Workers find out one by one: the first of them speaks for all.
  const { threadId } = builtin<typeof import("node:worker_threads")>("node:worker_threads");
  if (threadId <= 1) process.stderr.write(`${failure}; going on with wasm\n`);
}

function workOf(loop: Loop, kernel: Kernel): number {
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  if (loop.loop === "contract") return product([loop.batch, loop.m, loop.n, loop.k].map(sizeOf));
  if (loop.loop === "reduce") return sizeOf(loop.outer) * sizeOf(loop.reduced);
  return writesOf(loop).reduce((sum, value) => sum + sizeOf(kernel.values[value].shape), 0);
}

type Kernels = Readonly<Record<string, Kernel>>;

/** Whether `auto` takes printed C for these kernels; may start to compile for a later one. */
export function isWorth(kernels: Kernels, precision: Precision, target: () => Target): boolean {
  if (failure !== undefined || globalThis.process?.getBuiltinModule === undefined) return false;
  if (process.platform === "win32" || process.env.NONSMOOTH_NATIVE === "never") return false;
  const work = Object.values(kernels)
    .flatMap((kernel) => kernel.loops.map((loop) => workOf(loop, kernel)))
    .reduce((sum, own) => sum + own, 0);
  if (work < leastWork || processorHere().lacks !== undefined) return false;
  const own = target();
  try {
    const units = missingUnits(sourcesFor({ kernels, precision }, own), own.width);
    if (areCached(units)) return true;
    if ("missing" in compilerHere()) return false;
    if (work >= waitingWork || process.env.NONSMOOTH_NATIVE === "wait") return true;
    compileInBackground(units, noteFailure);
    return false;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    noteFailure(error);
    return false;
  }
}
