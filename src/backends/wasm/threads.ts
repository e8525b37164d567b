/** Worker threads that run stripes of an engine's loops beside the thread that calls it, in Node and in browsers. */
import { UsageError } from "../../base/errors.ts";
import { awaitAll, type Crew, fail, newState, publish, stop, takeFailure, work } from "./tickets.ts";

/** The stripes of an instance, by number. */
export function exportedStripes(instance: WebAssembly.Instance, count: number): readonly (() => void)[] {
  return Array.from({ length: count }, (_, i) => instance.exports[`stripe:${i}`] as () => void);
}

/** Starts one thread; returns what ends it. */
function start(crew: Crew, onError: (error: unknown) => void): () => void {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    // A worker cannot load TypeScript: from the sources it takes the build.
    const built = import.meta.url.endsWith(".ts") ? "../../../dist/src/backends/wasm/thread.js" : "./thread.js";
    const worker = new threads.Worker(new URL(built, import.meta.url), { workerData: crew });
    worker.unref();
    worker.on("error", onError);
    return () => void worker.terminate();
  }
  const worker = new Worker(new URL("./thread.js", import.meta.url), { type: "module" });
  worker.onerror = (event) => onError(event.message);
  worker.postMessage(crew);
  return () => worker.terminate();
}

export class Threads {
  readonly #state: Int32Array;
  readonly #stripes: readonly (() => void)[];
  readonly #ends: readonly (() => void)[];

  /**
   * @param threads Threads that take part, the calling one included: one fewer are started. They join as they come up;
   * until then the caller does their share.
   */
  constructor(
    threads: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    own: WebAssembly.Instance,
    stripes: number,
  ) {
    const state = newState();
    this.#state = new Int32Array(state);
    this.#stripes = exportedStripes(own, stripes);
    const onError = (error: unknown): void => fail(this.#state, error);
    this.#ends = Array.from({ length: threads - 1 }, () => start({ module, memory, stripes, state }, onError));
  }

  /** Runs stripes first .. first + count - 1 and returns when all are done. Throws what a stripe threw. */
  run(first: number, count: number): void {
    const errors: unknown[] = [];
    publish(this.#state, first, count);
    work(this.#state, this.#stripes, (error) => errors.push(error));
    awaitAll(this.#state);
    const failure = takeFailure(this.#state);
    if (errors.length > 0) throw errors[0];
    if (failure !== undefined) throw new Error(`a thread of the engine failed: ${failure}`);
  }

  dispose(): void {
    stop(this.#state);
    for (const end of this.#ends) end();
  }
}

const mostThreads = 256;

/** @throws UsageError unless `threads` is a possible number of threads here. */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw new UsageError(`compile: threads is ${threads}, expected a whole number from 1 to ${mostThreads}`);
  }
  if (threads > 1 && typeof SharedArrayBuffer === "undefined") {
    throw new UsageError(
      "compile: threads need shared memory, which a page has only with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
    );
  }
}
