/** Entry of a thread that runs stripes: an instance of the engine's module over the same memory. */
import { exportedStripes } from "./threads.ts";
import { awaitTickets, type Crew, fail, isStopped, ticketsEnd, work } from "./tickets.ts";

function serve({ module, memory, stripes, state }: Crew): void {
  const shared = new Int32Array(state);
  const onError = (error: unknown): void => fail(shared, error);
  const host = (): number => {
    throw new Error("a stripe called JavaScript");
  };
  try {
    const own = exportedStripes(new WebAssembly.Instance(module, { engine: { memory, host } }), stripes);
    while (!isStopped(shared)) {
      const seen = ticketsEnd(shared);
      work(shared, own, onError);
      awaitTickets(shared, seen);
    }
  } catch (error) {
    onError(error);
  }
}

const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
if (threads !== undefined) serve(threads.workerData as Crew);
else {
  globalThis.onmessage = ({ data }) => {
    serve(data as Crew);
    globalThis.close();
  };
}
