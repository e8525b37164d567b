/** `threads.mlp.step`: a training step of `mlp.ts` by two threads, beside the same step by one. */
import type { Contender, TimedBench } from "./bench.ts";
import { startMlp } from "./mlp.ts";

/** Always by the clock on the wall: processor time would count both threads. */
function contender(peerName: string, threads: number): Contender {
  const { run, dispose } = startMlp("step", "strict", threads);
  return {
    peerName,
    seconds(repeats) {
      const start = performance.now();
      for (let i = 0; i < repeats; i++) run();
      return (performance.now() - start) / 1000;
    },
    dispose,
  };
}

export const threadsBench: TimedBench = {
  name: "threads.mlp.step",
  unit: "images/s",
  work: 256,
  ours: () => contender("ours", 2),
  peers: [{ peerName: "one-thread", start: () => contender("one-thread", 1) }],
};
