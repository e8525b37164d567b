/**
 * `threads.<network>.step`: a training step by two threads, beside the same step by one; on native also what that gains beside what
 * two independent arithmetic loops gain.
 */
import { networkNamed } from "../src/nn/architectures/index.ts";
import { type BenchBackend, nameOn } from "./backends.ts";
import type { BenchRow, Contender, OwnBench, TimedBench } from "./bench.ts";
import { median } from "./harness.ts";
import { startNetwork } from "./network-work.ts";
import { startArithmetic } from "./workers.ts";

const batches: Readonly<Record<string, number>> = { "784-256x3-10": 256, vgg11: 128 };

/** Always by the clock on the wall: processor time would count both threads. */
function contender(peerName: string, name: string, threads: number, backend: BenchBackend): Contender {
  const given = { network: networkNamed(name), batch: batches[name], work: "step", arithmetic: "strict" } as const;
  const { run, dispose } = startNetwork({ ...given, threads, backend });
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
    ours: () => contender("ours", name, 2, "wasm"),
    peers: [{ peerName: "one-thread", start: () => contender("one-thread", name, 1, "wasm") }],
  };
}

/** Steps of one measurement: about as long as the loops that they are compared with. */
const steps: Readonly<Record<string, number>> = { "784-256x3-10": 60, vgg11: 3 };
const rounds = 7;

/** The median step, which other programs' turns on a core do not move. */
async function step({ seconds }: Contender, network: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < steps[network]; i++) times.push(await seconds(1));
  return median(times);
}

async function gains(label: string, name: string): Promise<readonly BenchRow[]> {
  const [one, two] = [1, 2].map((threads) => contender("ours", name, threads, "native"));
  const loops = startArithmetic();
  try {
    for (const own of [one, two]) await step(own, name);
    await loops.gain();
    const found: { readonly ours: number; readonly peer: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const alone = await step(one, name);
      found.push({ ours: alone / (await step(two, name)), peer: await loops.gain() });
    }
    const of = (value: (row: (typeof found)[number]) => number): number => median(found.map(value));
    const figures = {
      ours: of(({ ours }) => ours),
      peer: of(({ peer }) => peer),
      ratio: of(({ ours, peer }) => ours / peer),
    };
    return [
      { name: nameOn(`threads.${label}.step`, "native"), peerName: "arithmetic", unit: "x one thread", ...figures },
    ];
  } finally {
    for (const own of [one, two]) await own.dispose?.();
    await loops.stop();
  }
}

const networks: readonly (readonly [label: string, name: string])[] = [
  ["mlp", "784-256x3-10"],
  ["vgg11", "vgg11"],
];

export const threadsBenches: readonly TimedBench[] = networks.map(([label, name]) => bench(label, name));
export const nativeThreadsBenches: readonly OwnBench[] = networks.map(([label, name]) => ({
  name: nameOn(`threads.${label}.step`, "native"),
  rows: () => gains(label, name),
}));
