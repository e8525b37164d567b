/** Compiles kernels into one WebAssembly module over one memory, and runs them. */
import { UsageError } from "../../base/errors.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import { visit } from "../../ir/expression.ts";
import type { Kernel, Loop } from "../../ir/loops.ts";
import type { Carrier, Engine } from "../backend.ts";
import { bufferOf, Choices, roundInto } from "../buffers.ts";
import { scalarFormat } from "../evaluation.ts";
import { carrierView } from "../js/arena.ts";
import { type Plan, plan } from "../planner.ts";
import { Module } from "./assembler.ts";
import { ChoiceCells, Context, Host } from "./context.ts";
import { emitGather, scatterScratch } from "./gather.ts";
import { emitMap } from "./map.ts";
import { emitMove } from "./move.ts";
import { emitPlainContract } from "./plain-contract.ts";
import { emitReduce } from "./reduce.ts";

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

function scratchOf(loop: Loop): number {
  return loop.loop === "gather" ? scatterScratch(loop) : 0;
}

function pagesOf(planned: Plan): number {
  const pages = Math.ceil((planned.bytes + overrun) / pageBytes);
  if (pages > 65536) {
    const mebibytes = Math.ceil(planned.bytes / 2 ** 20);
    throw new UsageError(`compile: needs ${mebibytes} MiB of memory; wasm has at most 4096 MiB`);
  }
  return pages;
}

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    const mebibytes = Math.ceil((pages * pageBytes) / 2 ** 20);
    throw new UsageError(`compile: ${mebibytes} MiB of memory are not available`, { cause });
  }
}

function emitLoop(context: Context, loop: Loop, index: number): void {
  const f = context.module.function([]);
  context.functions.push(f);
  switch (loop.loop) {
    case "map":
      return emitMap(context, f, loop);
    case "reduce":
      return emitReduce(context, f, loop);
    case "move":
      return emitMove(context, f, loop);
    case "gather":
      return emitGather(context, f, loop, context.scratch(index));
    case "contract":
      return emitPlainContract(context, f, loop);
  }
}

export function compileWasm(kernels: Kernels, precision: Precision): Engine {
  const cells = choiceCells(kernels, precision);
  const planned = plan(kernels, precision, scratchOf, cells.bytes);
  const pages = pagesOf(planned);
  const module = new Module();
  module.importMemory("engine", "memory", pages, { maximum: pages });
  const host = new Host(module);
  for (const [name, kernel] of Object.entries(planned.kernels)) {
    const context = new Context(module, name, kernel, precision, host, cells);
    kernel.kernel.loops.forEach((loop, index) => emitLoop(context, loop, index));
    const run = module.function([], [], `run:${name}`);
    for (const f of context.functions) run.call(f);
  }
  const memory = allocate(pages);
  const imports = { engine: { memory, host: host.call } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports);
  const choices = new Choices(kernels);
  const cellValues = new Float64Array(memory.buffer, 0, cells.cells.length);
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
      view = carrierView(memory.buffer, type, offset, precision);
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
    },
    run: (name) => {
      const run = runs.get(name);
      if (run === undefined) throw new UsageError(`the engine has no program '${name}'`);
      run();
    },
    dispose: () => {
      views.clear();
      runs.clear();
    },
  };
}
