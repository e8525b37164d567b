/** Compiles kernels into one WebAssembly module over one memory, and runs them. */
import { UsageError } from "../../base/errors.ts";
import type { Format } from "../../formats/format.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import { visit } from "../../ir/expression.ts";
import type { Kernel, Loop } from "../../ir/loops.ts";
import type { Carrier, Engine } from "../backend.ts";
import { bufferOf, Choices, roundInto } from "../buffers.ts";
import { scalarFormat } from "../evaluation.ts";
import { Arena, carrierView, type Shared } from "../js/arena.ts";
import { prepare } from "../js/loops.ts";
import { formatOfType } from "../layout.ts";
import { type Plan, type PlannedKernel, plan } from "../planner.ts";
import { type FunctionBuilder, Module } from "./assembler.ts";
import { ChoiceCells, Context, Host } from "./context.ts";
import { contractScratch, contractTables, emitContract } from "./contract.ts";
import { emitGather, scatterScratch } from "./gather.ts";
import { emitMap } from "./map.ts";
import { emitMove } from "./move.ts";
import { stepGlobal } from "./philox.ts";
import { emitReduce } from "./reduce.ts";
import { atStripe, type Stripe, stripesOf } from "./stripes.ts";
import { checkThreads, Threads } from "./threads.ts";
import { WalkTables } from "./walk.ts";

type Kernels = Readonly<Record<string, Kernel>>;

const pageBytes = 65536;
/** Vector loads may look this far past the last buffer. */
const overrun = 64;

function choiceCells(kernels: Kernels, precision: Precision): ChoiceCells {
  const cells = new ChoiceCells();
  for (const [name, { loops, values }] of Object.entries(kernels)) {
    for (const loop of loops) {
      if (loop.loop !== "map" && loop.loop !== "reduce") continue;
      const format = scalarFormat(loop, values, precision);
      const roots =
        loop.loop === "map" ? loop.outputs.map((o) => o.expr) : [loop.element, ...(loop.finish ? [loop.finish] : [])];
      for (const root of roots) {
        visit(root, (e) => {
          if (e.kind === "choice") cells.add(name, e.name, format);
        });
      }
    }
  }
  return cells;
}

function scratchOf(loop: Loop, kernel: Kernel, precision: Precision): number {
  const formatOf = (value: number): Format | undefined => formatOfType(kernel.values[value].type, precision);
  if (loop.loop === "contract") return contractScratch(loop, formatOf, precision);
  return loop.loop === "gather" ? scatterScratch(loop) : 0;
}

/** The tables of all contractions, behind `reserved` bytes. */
function walkTables(
  kernels: Kernels,
  precision: Precision,
  reserved: number,
  parts: (loop: Loop) => readonly Loop[],
): WalkTables {
  const tables = new WalkTables(reserved);
  for (const { loops, values } of Object.values(kernels)) {
    const formatOf = (value: number): Format | undefined => formatOfType(values[value].type, precision);
    for (const loop of loops.flatMap(parts)) {
      if (loop.loop !== "contract") continue;
      contractTables(loop, formatOf, precision, (walk, bytes) => tables.address(walk, bytes));
    }
  }
  return tables;
}

function pagesOf(planned: Plan): number {
  const pages = Math.ceil((planned.bytes + overrun) / pageBytes);
  if (pages > 65536) {
    const mebibytes = Math.ceil(planned.bytes / 2 ** 20);
    throw new UsageError(`compile: needs ${mebibytes} MiB of memory; wasm has at most 4096 MiB`);
  }
  return pages;
}

function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    const mebibytes = Math.ceil((pages * pageBytes) / 2 ** 20);
    throw new UsageError(`compile: ${mebibytes} MiB of memory are not available`, { cause });
  }
}

/** A loop that only the reference can compute, run by it on the same memory: rare precisions, at its speed. */
function emitReference(context: Context, f: FunctionBuilder, loop: Loop, arena: Arena): void {
  let run: (() => void) | undefined;
  const number = context.host.register(() => {
    run ??= prepare(loop, arena);
    run();
    return 0;
  });
  f.i32(number).f64(0).f64(0).i32(0).i32(0).call(context.host.callee).op("drop");
}

function emitLoop(context: Context, f: FunctionBuilder, loop: Loop, scratch: number, arena: Arena): void {
  if (loop.loop === "map") emitMap(context, f, loop);
  else if (loop.loop === "reduce") emitReduce(context, f, loop);
  else if (loop.loop === "move") emitMove(context, f, loop);
  else if (loop.loop === "gather") emitGather(context, f, loop, scratch);
  else if (!emitContract(context, f, loop, scratch)) emitReference(context, f, loop, arena);
}

export function compileWasm(kernels: Kernels, precision: Precision, threads = 1): Engine {
  checkThreads(threads);
  const cells = choiceCells(kernels, precision);
  const striped = new Map<Loop, readonly Stripe[]>();
  for (const kernel of Object.values(kernels)) {
    for (const loop of kernel.loops) {
      const stripes = stripesOf(loop, kernel, precision, threads);
      if (stripes.length > 0) striped.set(loop, stripes);
    }
  }
  const parts = (loop: Loop): readonly Loop[] => striped.get(loop)?.map((stripe) => stripe.loop) ?? [loop];
  const scratchBytes = (loop: Loop, kernel: Kernel): number =>
    parts(loop).reduce((sum, part) => sum + scratchOf(part, kernel, precision), 0);
  const tables = walkTables(kernels, precision, cells.bytes, parts);
  const planned = plan(kernels, precision, scratchBytes, tables.end);
  const pages = pagesOf(planned);
  const isThreaded = striped.size > 0;
  const memory = allocate(pages, isThreaded);
  const choices = new Choices(kernels);
  const shared: Shared = { memory: memory.buffer as ArrayBuffer, precision, choices, step: 0 };
  const module = new Module();
  module.importMemory("engine", "memory", pages, { maximum: pages, shared: isThreaded });
  const host = new Host(module);
  let crew: Threads | undefined;
  let stripeCount = 0;
  const emitStripes = (name: string, kernel: PlannedKernel, f: FunctionBuilder, index: number, arena: Arena): void => {
    const stripes = striped.get(kernel.kernel.loops[index]) ?? [];
    const first = stripeCount;
    let scratch = kernel.scratch[index];
    for (const stripe of stripes) {
      const context = new Context(module, name, atStripe(kernel, stripe, precision), precision, host, cells, tables);
      emitLoop(context, module.function([], [], `stripe:${stripeCount}`), stripe.loop, scratch, arena);
      scratch += scratchOf(stripe.loop, kernel.kernel, precision);
      stripeCount += 1;
    }
    const number = host.register(() => {
      crew?.run(first, stripes.length);
      return 0;
    });
    f.i32(number).f64(0).f64(0).i32(0).i32(0).call(host.callee).op("drop");
  };
  for (const [name, kernel] of Object.entries(planned.kernels)) {
    const context = new Context(module, name, kernel, precision, host, cells, tables);
    const arena = new Arena(name, kernel, shared);
    kernel.kernel.loops.forEach((loop, index) => {
      const f = module.function([]);
      context.functions.push(f);
      if (striped.has(loop)) emitStripes(name, kernel, f, index, arena);
      else emitLoop(context, f, loop, kernel.scratch[index], arena);
    });
    const run = module.function([], [], `run:${name}`);
    for (const f of context.functions) run.call(f);
  }
  const imports = { engine: { memory, host: host.call } };
  tables.write(memory.buffer);
  const compiled = new WebAssembly.Module(module.bytes());
  const instance = new WebAssembly.Instance(compiled, imports);
  const { exports } = instance;
  const stepCell = exports[stepGlobal] as WebAssembly.Global | undefined;
  if (isThreaded) crew = new Threads(threads, compiled, memory, instance, stripeCount);
  const cellValues = new Float64Array(shared.memory, 0, cells.cells.length);
  const storeChoices = (): void => {
    cells.cells.forEach(({ kernel, name, format }, i) => {
      const value = choices.get(kernel, name);
      cellValues[i] = format === undefined ? value : round(format, value);
    });
  };
  storeChoices();
  const views = new Map<string, Carrier>();
  const buffer = (name: string): Carrier => {
    let view = views.get(name);
    if (view === undefined) {
      const { type, offset } = bufferOf(planned, name);
      view = carrierView(shared.memory, type, offset, precision);
      views.set(name, view);
    }
    return view;
  };
  const runs = new Map(Object.keys(kernels).map((name) => [name, exports[`run:${name}`] as () => void]));
  return {
    backend: "wasm",
    bytes: planned.bytes,
    buffer,
    write: (name, data) => roundInto(buffer(name), bufferOf(planned, name), name, data, precision),
    setChoice: (name, value, kernel) => {
      choices.set(name, value, kernel);
      storeChoices();
    },
    setStep: (step) => {
      host.step = step;
      shared.step = step;
      if (stepCell !== undefined) stepCell.value = step | 0;
    },
    run: (name) => {
      const run = runs.get(name);
      if (run === undefined) throw new UsageError(`the engine has no program '${name}'`);
      run();
    },
    dispose: () => {
      crew?.dispose();
      crew = undefined;
      views.clear();
      runs.clear();
    },
  };
}
