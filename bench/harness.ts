/**
 * Interleaved measurement: in each round every contender works for about the same time, so a slow phase of the machine
 * hits all of them; figures are medians over rounds, ratios medians of per-round ratios.
 */
import type { Bench, Contender } from "./bench.ts";

export interface BenchRow {
  readonly name: string;
  /** Our figure and the peer's, in `unit`. */
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  /** Times as fast as the peer. */
  readonly ratio: number;
  readonly unit: string;
}

export interface HarnessOptions {
  /** Rounds of each contender (default 9; 3 for long work). */
  readonly rounds?: number;
  /** Least duration of one measurement in seconds (default 0.05). */
  readonly least?: number;
  readonly note?: (line: string) => void;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Repetitions so that one measurement lasts at least `least` seconds; warms up on the way. */
async function calibrate(contender: Contender, least: number): Promise<number> {
  let repeats = 1;
  for (;;) {
    const seconds = await contender.seconds(repeats);
    if (seconds >= least) return repeats;
    repeats = Math.ceil(repeats * Math.min(10, Math.max(1.5, (1.1 * least) / Math.max(seconds, 1e-6))));
  }
}

async function startPeers(bench: Bench, options: HarnessOptions): Promise<Contender[]> {
  const started: Contender[] = [];
  for (const peer of bench.peers) {
    const contender = await peer.start();
    if (contender === undefined) options.note?.(`${bench.name}: ${peer.peerName} is not installed`);
    else started.push(contender);
  }
  return started;
}

/** One row per peer that is installed. */
export async function measure(bench: Bench, options: HarnessOptions = {}): Promise<BenchRow[]> {
  const contenders = [await bench.ours(), ...(await startPeers(bench, options))];
  try {
    const least = bench.long === true ? 0 : (options.least ?? 0.05);
    const rounds = options.rounds ?? (bench.long === true ? 3 : 9);
    const repeats: number[] = [];
    for (const contender of contenders) repeats.push(await calibrate(contender, least));
    const times: number[][] = contenders.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) {
        times[i].push((await contender.seconds(repeats[i])) / repeats[i]);
      }
    }
    const figure = (seconds: readonly number[]): number =>
      bench.unit === "s" ? median(seconds) : bench.work / median(seconds);
    return contenders.slice(1).map((contender, i) => ({
      name: bench.name,
      ours: figure(times[0]),
      peer: figure(times[i + 1]),
      peerName: contender.peerName,
      ratio: median(times[i + 1].map((seconds, round) => seconds / times[0][round])),
      unit: bench.unit,
    }));
  } finally {
    for (const contender of contenders) await contender.dispose?.();
  }
}
