/** NumPy and PyTorch as peers: one persistent python process that speaks JSON lines, one thread, at its best. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Contender } from "../bench.ts";
import { clockName } from "../clock.ts";

export type PythonLibrary = "NumPy" | "PyTorch";

const moduleOf: Readonly<Record<PythonLibrary, string>> = { NumPy: "numpy", PyTorch: "torch" };

const keptMemory = { MALLOC_MMAP_MAX_: "0", MALLOC_TRIM_THRESHOLD_: String(2 ** 40) };

/**
 * One thread; the kernels that the library itself would choose for this CPU; and freed memory kept, since by glibc's defaults every large
 * result is new pages from the system (for some convolutions of PyTorch 40 times the work).
 */
export function environment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest } = process.env;
  return { ...rest, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", ...keptMemory };
}

const found = new Map<PythonLibrary, string | undefined>();

/** A python that can import the library, or undefined. The system's own comes first. */
export function pythonWith(library: PythonLibrary): string | undefined {
  if (!found.has(library)) {
    const works = (python: string): boolean =>
      spawnSync(python, ["-c", `import ${moduleOf[library]}`], { env: environment() }).status === 0;
    found.set(library, ["/usr/bin/python3", "python3"].find(works));
  }
  return found.get(library);
}

/** The library's version, or undefined where it is not installed. */
export function pythonVersion(library: PythonLibrary): string | undefined {
  const python = pythonWith(library);
  if (python === undefined) return undefined;
  const name = moduleOf[library];
  const run = spawnSync(python, ["-c", `import ${name}; print(${name}.__version__)`], { env: environment() });
  return run.stdout.toString().trim();
}

const server = `
import json, sys, time
clock = time.process_time if sys.argv[1:] == ["cpu"] else time.perf_counter
def main():
    scope = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "setup" in request:
                scope = {}
                exec(request["setup"], scope)
                code = compile(request["run"], "<run>", "exec")
                reply = {}
            else:
                start = clock()
                for _ in range(request["repeats"]):
                    exec(code, scope)
                reply = {"seconds": clock() - start}
        except Exception as error:
            reply = {"error": repr(error)}
        print(json.dumps(reply), flush=True)
main()
`;

/** Lives as long as this process, and keeps it alive only while a reply is awaited. */
class PythonProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly replies: AsyncIterator<string>;

  constructor(python: string) {
    this.child = spawn(python, ["-c", server, clockName], { env: environment() });
    this.child.stderr.resume();
    this.replies = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.unref();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) (stream as Socket).unref();
  }

  async ask(request: object): Promise<{ readonly seconds?: number }> {
    const answers = this.child.stdout as unknown as Socket;
    answers.ref();
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.replies.next();
    answers.unref();
    if (done === true) throw new Error("python peer: the process ended");
    const reply = JSON.parse(value as string) as { readonly seconds?: number; readonly error?: string };
    if (reply.error !== undefined) throw new Error(`python peer: ${reply.error}`);
    return reply;
  }
}

const started = new Map<PythonLibrary, PythonProcess>();

/**
 * A contender whose repetition is the Python statement `run` after `setup`, in one process per library: a new setup
 * forgets the one before. PyTorch is limited to one thread before `setup`. Undefined where the library is not installed.
 */
export async function python(library: PythonLibrary, setup: string, run: string): Promise<Contender | undefined> {
  const path = pythonWith(library);
  if (path === undefined) return undefined;
  const process = started.get(library) ?? new PythonProcess(path);
  started.set(library, process);
  const limit = library === "PyTorch" ? "import torch\ntorch.set_num_threads(1)\n" : "import numpy\n";
  await process.ask({ setup: limit + setup, run });
  return { peerName: library, seconds: async (repeats) => (await process.ask({ repeats })).seconds as number };
}
