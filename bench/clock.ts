/** The clock of every contender. */

export type ClockName = "wall" | "cpu";

/**
 * `BENCH_CLOCK=cpu` counts processor time of this process (and of Python) in place of time passed: for machines on which
 * other programs run. Such figures have no waiting in them, and no help from threads.
 */
export const clockName: ClockName = process.env.BENCH_CLOCK === "cpu" ? "cpu" : "wall";

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds from some moment on. */
export const now: () => number = clockName === "cpu" ? processorSeconds : () => performance.now() / 1000;
