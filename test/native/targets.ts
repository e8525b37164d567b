/** The vectors that printed C can be tested with on this machine. */
import type { Target } from "../../src/backends/native/contract.ts";
import { whyNot } from "../../src/backends/native/library.ts";
import { processorHere } from "../../src/backends/native/machine.ts";

const widths = [512, 256, 128] as const;

/** Every width of this processor, with the registers of processors that have no more; none (and one line on why) where nothing can be compiled. */
export function targetsHere(): readonly Target[] {
  const reason = whyNot();
  if (reason !== undefined) {
    process.stdout.write(`native: not run: ${reason}\n`);
    return [];
  }
  const { width: widest, registers } = processorHere();
  return widths
    .filter((width) => width <= widest)
    .map((width) => ({ width, registers: process.arch === "x64" && width < 512 ? 16 : registers }));
}
