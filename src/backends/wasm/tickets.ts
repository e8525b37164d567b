/**
 * How threads share work: stripes are handed out by tickets, numbered through all jobs, so a thread that wakes late finds
 * either a ticket of the current job or none. All state is in words of shared memory, each on a cache line of its own.
 */

/** What a worker thread is given. */
export interface Crew {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly stripes: number;
  readonly state: SharedArrayBuffer;
}

/** Positions of the words: the next free ticket, the end of those given out, how many are done, stripe minus ticket. */
const [next, limit, done, base] = [0, 16, 32, 48];
/** Threads asleep until there are tickets; whether the caller sleeps until all are done; whether the crew is to go. */
const [asleep, waiting, stopped] = [64, 80, 96];
/** Whether a thread failed: length of its message plus 1; the message in UTF-16. */
const [failed, message] = [112, 128];
const longestMessage = 400;
const words = message + longestMessage / 2;

const spinMilliseconds = 0.2;
const spinsPerLook = 256;

export const newState = (): SharedArrayBuffer => new SharedArrayBuffer(words * 4);

/** Looks at a word until it is no longer `value`, for a short while; whether it changed. */
function spin(state: Int32Array, word: number, value: number): boolean {
  const end = performance.now() + spinMilliseconds;
  do {
    for (let i = 0; i < spinsPerLook; i++) if (Atomics.load(state, word) !== value) return true;
  } while (performance.now() < end);
  return false;
}

let blocking: boolean | undefined;

/** Whether this thread may sleep: a page's main thread may not. */
function mayBlock(): boolean {
  if (blocking === undefined) {
    try {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
      blocking = true;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      blocking = false;
    }
  }
  return blocking;
}

/** A stripe that nobody else will do, or -1. */
function claim(state: Int32Array): number {
  for (;;) {
    const ticket = Atomics.load(state, next);
    if (((Atomics.load(state, limit) - ticket) | 0) <= 0) return -1;
    if (Atomics.compareExchange(state, next, ticket, (ticket + 1) | 0) !== ticket) continue;
    return (Atomics.load(state, base) + ticket) | 0;
  }
}

/** Does stripes while there are any; errors do not stop it, since the caller waits for every stripe. */
export function work(state: Int32Array, stripes: readonly (() => void)[], onError: (error: unknown) => void): void {
  for (let stripe = claim(state); stripe >= 0; stripe = claim(state)) {
    try {
      stripes[stripe]();
    } catch (error) {
      onError(error);
    }
    Atomics.add(state, done, 1);
    if (Atomics.load(state, waiting) !== 0) Atomics.notify(state, done);
  }
}

/** Hands out stripes first .. first + count - 1, once all earlier ones are done. */
export function publish(state: Int32Array, first: number, count: number): void {
  const start = Atomics.load(state, limit);
  Atomics.store(state, base, (first - start) | 0);
  Atomics.store(state, limit, (start + count) | 0);
  if (Atomics.load(state, asleep) > 0) Atomics.notify(state, limit);
}

/** Returns when all stripes that were handed out are done. */
export function awaitAll(state: Int32Array): void {
  const all = Atomics.load(state, limit);
  for (;;) {
    const count = Atomics.load(state, done);
    if (count === all) return;
    if (spin(state, done, count) || !mayBlock()) continue;
    Atomics.store(state, waiting, 1);
    Atomics.wait(state, done, count);
    Atomics.store(state, waiting, 0);
  }
}

/** Sleeps until there are tickets beyond `seen`, or the crew is to go. */
export function awaitTickets(state: Int32Array, seen: number): void {
  if (spin(state, limit, seen)) return;
  Atomics.add(state, asleep, 1);
  if (!isStopped(state)) Atomics.wait(state, limit, seen);
  Atomics.sub(state, asleep, 1);
}

export const ticketsEnd = (state: Int32Array): number => Atomics.load(state, limit);

export const isStopped = (state: Int32Array): boolean => Atomics.load(state, stopped) !== 0;

/** Sends the crew home; a changed limit is what wakes a thread between its look at `stopped` and its sleep. */
export function stop(state: Int32Array): void {
  Atomics.store(state, stopped, 1);
  Atomics.store(state, next, (Atomics.load(state, limit) + 1) | 0);
  Atomics.add(state, limit, 1);
  Atomics.notify(state, limit);
}

/** Notes an error of another thread for the caller; the first one stays. */
export function fail(state: Int32Array, error: unknown): void {
  const text = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, longestMessage);
  if (Atomics.compareExchange(state, failed, 0, -1) !== 0) return;
  const units = new Uint16Array(state.buffer, message * 4, longestMessage);
  for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
  Atomics.store(state, failed, text.length + 1);
}

/** The noted error, which is forgotten. */
export function takeFailure(state: Int32Array): string | undefined {
  const length = Atomics.load(state, failed) - 1;
  if (length < 0) return undefined;
  const units = new Uint16Array(state.buffer, message * 4, length);
  const text = String.fromCharCode(...units);
  Atomics.store(state, failed, 0);
  return text;
}
