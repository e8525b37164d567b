/** What a benchmark is: our work beside its peers, all doing the same amount of it. */
import { now } from "./clock.ts";

/** Who does the work. `seconds` does it `repeats` times and returns the time of all. */
export interface Contender {
  /** "ours", "roof", "roof-registers", "tfjs", "jax-js", "NumPy", "PyTorch", "published-way". */
  readonly peerName: string;
  seconds(repeats: number): number | Promise<number>;
  dispose?(): void | Promise<void>;
}

export interface TimedBench {
  /** Dotted; `bench PREFIX` selects by its beginning: "matmul.f32.512.tn.strict". */
  readonly name: string;
  /** "GFLOP/s", "images/s": work per second; or "s", "ms": then the figures are the time of one repetition. */
  readonly unit: string;
  /** Units of work in one repetition, in multiples of `unit` x s (2e-9 m n k for GFLOP/s); 1 for "s" and "ms". */
  readonly work: number;
  /** One repetition per round suffices (work of a second and more). */
  readonly long?: boolean;
  ours(): Contender | Promise<Contender>;
  /** Each is started just before use; undefined: not installed here (one line on stderr, no row). */
  readonly peers: readonly {
    readonly peerName: string;
    start(): Contender | undefined | Promise<Contender | undefined>;
  }[];
}

export interface BenchRow {
  readonly name: string;
  /** Our figure and the peer's, in `unit`. */
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  /** Times as fast as the peer (as small, where the unit is MiB). */
  readonly ratio: number;
  readonly unit: string;
}

/** A measurement that is not a time of contenders in turn: it makes its rows itself. */
export interface OwnBench {
  readonly name: string;
  rows(): Promise<readonly BenchRow[]>;
}

export type Bench = TimedBench | OwnBench;

/** A contender around a function; awaits what it returns only if it is a promise. */
export function timed(peerName: string, run: () => unknown, dispose?: () => void): Contender {
  return {
    peerName,
    async seconds(repeats) {
      const start = now();
      for (let i = 0; i < repeats; i++) {
        const result = run();
        if (result instanceof Promise) await result;
      }
      return now() - start;
    },
    ...(dispose === undefined ? {} : { dispose }),
  };
}
