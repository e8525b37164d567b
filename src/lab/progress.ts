/** Progress with the time left, on a terminal only. */

export interface ProgressOptions {
  readonly title: string;
  /** Sum of the costs of all trials. */
  readonly total: number;
  /** Cost of what was stored before; it counts as done but tells nothing about speed. */
  readonly before?: number;
  readonly stream?: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; the clock is a parameter for tests. */
  readonly now?: () => number;
}

export interface Progress {
  /** `done`: cost of finished trials and of the finished shares of others, including `before`. */
  update(done: number, note?: string): void;
  /** Removes the line. */
  end(): void;
}

/** 45 s, 12 min, 3 h 05 min. */
export function showDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const silent: Progress = { update: () => {}, end: () => {} };

/** A line that is rewritten at most five times a second; nothing where the stream is no terminal. */
export function progress(options: ProgressOptions): Progress {
  const { title, total, before = 0, stream = process.stderr, env = process.env, now = Date.now } = options;
  if (stream.isTTY !== true || env.TERM === "dumb") return silent;
  const plain = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  const started = now();
  let last = Number.NEGATIVE_INFINITY;
  return {
    update(done, note = ""): void {
      const time = now();
      if (time - last < 200 && done < total) return;
      last = time;
      const left = ((time - started) / 1000) * ((total - done) / (done - before));
      const filled = Math.round(20 * Math.min(1, done / total));
      const bar = "#".repeat(filled) + ".".repeat(20 - filled);
      const eta = done > before ? `${showDuration(left)} left` : "estimating";
      const text = `${title} [${bar}] ${Math.floor((100 * done) / total)} %, ${eta} ${note}`.trimEnd();
      const fitted = text.slice(0, Math.max(20, (stream.columns ?? 80) - 1));
      stream.write(`\r\x1b[K${plain ? fitted : fitted.replace(bar, `\x1b[36m${bar}\x1b[0m`)}`);
    },
    end(): void {
      stream.write("\r\x1b[K");
    },
  };
}
