/**
 * `workers.2`: how much more two worker threads scan than one, beside how much more two independent arithmetic loops do:
 * what they share (memory, caches, clock frequency, a virtual core's twin) is the machine's, the rest is ours.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { BenchRow, OwnBench } from "./bench.ts";
import { median } from "./harness.ts";
import type { WorkerWork } from "./workers-thread.ts";

const rounds = 5;

function start(): Worker {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return new Worker(new URL(`./workers-thread${extension}`, import.meta.url));
}

/** Seconds until all workers have done it once. */
async function seconds(workers: readonly Worker[], work: WorkerWork): Promise<number> {
  const began = performance.now();
  await Promise.all(
    workers.map((worker) => {
      worker.postMessage(work);
      return once(worker, "message");
    }),
  );
  return (performance.now() - began) / 1000;
}

/** What two arithmetic loops on two threads gain over one: 2 on a machine with two whole cores for us. */
async function gainOf(pair: readonly Worker[], work: WorkerWork): Promise<number> {
  const alone = await seconds(pair.slice(0, 1), work);
  return (2 * alone) / (await seconds(pair, work));
}

/** Two threads for `gain`, until they are stopped. */
export function startArithmetic(): { gain(): Promise<number>; stop(): Promise<void> } {
  const pair = [start(), start()];
  return {
    gain: () => gainOf(pair, "arithmetic"),
    stop: async () => {
      for (const worker of pair) await worker.terminate();
    },
  };
}

async function rows(): Promise<readonly BenchRow[]> {
  const pair = [start(), start()];
  try {
    const gain = (work: WorkerWork): Promise<number> => gainOf(pair, work);
    for (const work of ["scan", "arithmetic"] as const) await seconds(pair, work);
    const gains: { readonly scan: number; readonly arithmetic: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      gains.push({ arithmetic: await gain("arithmetic"), scan: await gain("scan") });
    }
    return [
      {
        name: "workers.2",
        ours: median(gains.map(({ scan }) => scan)),
        peer: median(gains.map(({ arithmetic }) => arithmetic)),
        peerName: "arithmetic",
        ratio: median(gains.map(({ scan, arithmetic }) => scan / arithmetic)),
        unit: "x one worker",
      },
    ];
  } finally {
    for (const worker of pair) await worker.terminate();
  }
}

export const workersBench: OwnBench = { name: "workers.2", rows };
