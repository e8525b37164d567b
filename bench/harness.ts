/**
 * Interleaved measurement: in each round every contender works for about the same time, so a slow phase of the machine
 * hits all of them; figures are medians over rounds, ratios medians of per-round ratios.
 */
import type { Bench, BenchRow, Contender, TimedBench } from "./bench.ts";

export interface HarnessOptions {
  /** Rounds of each contender (default 9; 3 for long work). */
  readonly rounds?: number;
  /** Least duration of one measurement in seconds (default 0.05). */
  readonly least?: number;
  readonly note?: (line: string) => void;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Units that are times, and how many of them a second has. */
const durations: Readonly<Record<string, number>> = { s: 1, ms: 1000 };
/** Contenders that need longer than this for one repetition take part in the first rounds only. */
const slowSeconds = 0.5;
const slowRounds = 3;

/** Repetitions so that one measurement lasts at least `least` seconds; warms up on the way. */
async function calibrate(contender: Contender, least: number): Promise<number> {
  let repeats = 1;
  for (;;) {
    const seconds = await contender.seconds(repeats);
    if (seconds >= least) return repeats;
    repeats = Math.ceil(repeats * Math.min(10, Math.max(1.5, (1.1 * least) / Math.max(seconds, 1e-6))));
  }
}

async function startPeers(bench: TimedBench, options: HarnessOptions): Promise<Contender[]> {
  const started: Contender[] = [];
  for (const peer of bench.peers) {
    const contender = await peer.start();
    if (contender === undefined) options.note?.(`${bench.name}: ${peer.peerName} is not installed`);
    else started.push(contender);
  }
  return started;
}

/** One row per peer that is installed. */
export async function measure(bench: Bench, options: HarnessOptions = {}): Promise<readonly BenchRow[]> {
  if ("rows" in bench) return await bench.rows();
  const contenders = [await bench.ours(), ...(await startPeers(bench, options))];
  try {
    const least = bench.long === true ? 0 : (options.least ?? 0.05);
    const rounds = options.rounds ?? (bench.long === true ? 3 : 9);
    const repeats: number[] = [];
    for (const contender of contenders) repeats.push(await calibrate(contender, least));
    // What one contender does to functions that others share, V8 compiles again: twice before anything counts.
    for (const contender of contenders) if (bench.long === true) await contender.seconds(1);
    const times: (number | undefined)[][] = contenders.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) {
        const slow = round >= slowRounds && (times[i][0] ?? 0) > slowSeconds;
        times[i].push(slow ? undefined : (await contender.seconds(repeats[i])) / repeats[i]);
      }
    }
    const figure = (all: readonly (number | undefined)[]): number => {
      const seconds = median(all.filter((time) => time !== undefined));
      return (durations[bench.unit] ?? 0) > 0 ? seconds * durations[bench.unit] : bench.work / seconds;
    };
    return contenders.slice(1).map((contender, i) => ({
      name: bench.name,
      ours: figure(times[0]),
      peer: figure(times[i + 1]),
      peerName: contender.peerName,
      ratio: median(
        times[i + 1].flatMap((seconds, round) => {
          const own = times[0][round];
          return seconds === undefined || own === undefined ? [] : [seconds / own];
        }),
      ),
      unit: bench.unit,
    }));
  } finally {
    for (const contender of contenders) await contender.dispose?.();
  }
}
