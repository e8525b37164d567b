/** `threads.<network>.step`: a training step by two threads, beside the same step by one. */
import { networkNamed } from "../src/nn/architectures/index.ts";
import type { Contender, TimedBench } from "./bench.ts";
import { startNetwork } from "./network-work.ts";

const batches: Readonly<Record<string, number>> = { "784-256x3-10": 256, vgg11: 128 };

/** Always by the clock on the wall: processor time would count both threads. */
function contender(peerName: string, name: string, threads: number): Contender {
  const given = { network: networkNamed(name), batch: batches[name], work: "step", arithmetic: "strict" } as const;
  const { run, dispose } = startNetwork({ ...given, threads });
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

function bench(label: string, name: string): TimedBench {
  return {
    name: `threads.${label}.step`,
    unit: "images/s",
    work: batches[name],
    long: name === "vgg11",
    ours: () => contender("ours", name, 2),
    peers: [{ peerName: "one-thread", start: () => contender("one-thread", name, 1) }],
  };
}

export const threadsBenches: readonly TimedBench[] = [bench("mlp", "784-256x3-10"), bench("vgg11", "vgg11")];
