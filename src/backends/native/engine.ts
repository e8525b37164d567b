/** Compiles kernels into lists of loops for the runtime, over one arena, and runs them. */
import { UsageError } from "../../base/errors.ts";
import type { Precision } from "../../formats/precision.ts";
import { round } from "../../formats/round.ts";
import type { Kernel, Loop } from "../../ir/loops.ts";
import type { Carrier, Engine } from "../backend.ts";
import { bufferOf, Choices, roundInto } from "../buffers.ts";
import { Arena, carrierView, type Shared } from "../js/arena.ts";
import { prepare } from "../js/loops.ts";
import { type Plan, plan } from "../planner.ts";
import { choiceCells } from "../wasm/engine.ts";
import { checkThreads } from "../wasm/threads.ts";
import { Context, type Word } from "./context.ts";
import { contractWords, type Target } from "./contract.ts";
import { gatherWords } from "./gather.ts";
import { type Library, libraryOf } from "./library.ts";
import { mapWords } from "./map.ts";
import { moveWords } from "./move.ts";
import { reduceWords } from "./reduce.ts";
import type { Source } from "./source.ts";
import { Tables } from "./tables.ts";

type Kernels = Readonly<Record<string, Kernel>>;

/** Buffers start on cache lines; vectors may be read this far past the last one. */
const alignment = 64;
const overrun = 192;
/** The step of draws is a float64 behind the cells of the choices. */
const stepBytes = 8;

/** Loops as words, or by the reference where only it computes them. */
type Step = Listed | { readonly reference: () => void };

interface Listed {
  readonly words: Word[][];
  /** Of each list of words. */
  readonly loops: Loop[];
}

function wordsOf(context: Context, loop: Loop, tables: Tables, target: Target, threads: number): Word[][] | undefined {
  const { width } = target;
  const one = (words: Word[] | undefined): Word[][] | undefined => words && [words];
  switch (loop.loop) {
    case "map":
      return loop.shape.includes(0) ? [] : one(mapWords(context, loop, width));
    case "reduce":
      return loop.outer.includes(0) ? [] : one(reduceWords(context, loop, width));
    case "contract":
      return one(contractWords(context, loop, tables, target, threads));
    case "move":
      return moveWords(context, loop, width);
    case "gather":
      return one(gatherWords(context, loop, width));
  }
}

/** The loops of a kernel in order, those that the runtime computes together. */
function stepsOf(loops: readonly Loop[], printed: ReadonlyMap<Loop, Word[][] | undefined>, arena: Arena): Step[] {
  const steps: Step[] = [];
  for (const loop of loops) {
    const words = printed.get(loop);
    const last = steps[steps.length - 1];
    if (words === undefined) steps.push({ reference: once(() => prepare(loop, arena)) });
    else if (last !== undefined && "words" in last) {
      last.words.push(...words);
      last.loops.push(...words.map(() => loop));
    } else steps.push({ words: [...words], loops: words.map(() => loop) });
  }
  return steps;
}

/** Runs what `make` makes, which is made at the first run. */
function once(make: () => () => void): () => void {
  let made: (() => void) | undefined;
  return () => {
    made ??= make();
    made();
  };
}

function resolve(words: Word[][], addressOf: Library["addressOf"]): BigInt64Array {
  const all = words.flatMap(([kind, ...rest]) => [kind, rest.length + 2, ...rest]);
  return BigInt64Array.from(all, (word) => {
    if (typeof word === "bigint") return word;
    if (typeof word === "number") return BigInt(word);
    return word === undefined ? 0n : addressOf(word);
  });
}

const sourcesOf = (words: readonly Word[][]): Source[] => words.flat().filter((word) => typeof word === "object");

function allocate(planned: Plan): ArrayBuffer {
  try {
    return new ArrayBuffer(planned.bytes + alignment + overrun);
  } catch (cause) {
    throw new UsageError(`compile: ${Math.ceil(planned.bytes / 2 ** 20)} MiB of memory are not available`, { cause });
  }
}

function shifted(planned: Plan, by: number): Plan {
  const move = (offset: number): number => (offset < 0 ? offset : offset + by);
  const named = [...planned.named].map(([name, buffer]) => [name, { ...buffer, offset: move(buffer.offset) }] as const);
  const kernels = Object.entries(planned.kernels).map(([name, kernel]) => [
    name,
    { ...kernel, offsets: kernel.offsets.map(move) },
  ]);
  return { ...planned, named: new Map(named), kernels: Object.fromEntries(kernels) };
}

export interface Request {
  readonly kernels: Kernels;
  readonly precision: Precision;
}

interface Printed {
  readonly planned: Plan;
  readonly cells: ReturnType<typeof choiceCells>;
  readonly tables: Tables;
  /** Undefined for loops that only the reference computes. */
  readonly words: ReadonlyMap<Loop, Word[][] | undefined>;
  readonly sources: readonly Source[];
}

function print({ kernels, precision }: Request, target: Target, threads: number): Printed {
  const cells = choiceCells(kernels, precision);
  const planned = plan(kernels, precision, () => 0, cells.bytes + stepBytes);
  const tables = new Tables();
  const words = new Map<Loop, Word[][] | undefined>();
  for (const [name, kernel] of Object.entries(planned.kernels)) {
    const context = new Context(name, kernel, precision, cells);
    for (const loop of kernel.kernel.loops) words.set(loop, wordsOf(context, loop, tables, target, threads));
  }
  return { planned, cells, tables, words, sources: [...words.values()].flatMap((own) => sourcesOf(own ?? [])) };
}

/** What is printed for a request. */
export const sourcesFor = (request: Request, target: Target): readonly Source[] => print(request, target, 1).sources;

/** Compiles and loads at once what later engines for these requests will need. */
export function prepareNative(requests: readonly Request[], target: Target): void {
  libraryOf(
    requests.flatMap((request) => sourcesFor(request, target)),
    target.width,
  );
}

/** The C that is printed for kernels, without the runtime. */
export function printedText(kernels: Kernels, precision: Precision, target: Target): string {
  return sourcesFor({ kernels, precision }, target)
    .map(({ text }) => text)
    .join("\n");
}

/** @param target The vectors to compile for. */
export function compileNative(kernels: Kernels, precision: Precision, threads: number, target: Target): Engine {
  checkThreads(threads);
  const { planned: unplaced, cells, tables, words: printed, sources } = print({ kernels, precision }, target, threads);
  const { addon, addressOf } = libraryOf(sources, target.width);
  const memory = allocate(unplaced);
  // The runtime sees an arena that starts on a cache line; views and the reference see where that is.
  const shift = Number(-addon.prepare(new Uint8Array(memory)) & BigInt(alignment - 1));
  const arena = new Uint8Array(memory, shift);
  const planned = shifted(unplaced, shift);
  const choices = new Choices(kernels);
  const shared: Shared = { memory, precision, choices, step: 0 };
  const joined = tables.joined();
  let crew: object | undefined = addon.crew(threads);
  const cellValues = new Float64Array(memory, shift, cells.cells.length + 1);
  const storeChoices = (): void => {
    cells.cells.forEach(({ kernel, name, format }, i) => {
      const value = choices.get(kernel, name);
      cellValues[i] = format === undefined ? value : round(format, value);
    });
  };
  storeChoices();
  const runs = new Map<string, readonly (() => void)[]>();
  for (const [name, kernel] of Object.entries(planned.kernels)) {
    const steps = stepsOf(kernel.kernel.loops, printed, new Arena(name, kernel, shared));
    const run = (step: Step): (() => void) => {
      if ("reference" in step) return step.reference;
      const words = resolve(step.words, addressOf);
      return () => {
        const bad = addon.run(crew as object, arena, words, joined);
        if (bad !== undefined) outside(step, arena, bad);
      };
    };
    runs.set(name, steps.map(run));
  }
  const views = new Map<string, Carrier>();
  const buffer = (name: string): Carrier => {
    let view = views.get(name);
    if (view === undefined) {
      const { type, offset } = bufferOf(planned, name);
      view = carrierView(memory, type, offset, precision);
      views.set(name, view);
    }
    return view;
  };
  return {
    backend: "native",
    bytes: planned.bytes,
    buffer,
    write: (name, data) => roundInto(buffer(name), bufferOf(planned, name), name, data, precision),
    setChoice: (name, value, kernel) => {
      choices.set(name, value, kernel);
      storeChoices();
    },
    setStep: (step) => {
      shared.step = step;
      cellValues[cells.cells.length] = step >>> 0;
    },
    run: (name) => {
      const own = runs.get(name);
      if (own === undefined) throw new UsageError(`the engine has no program '${name}'`);
      for (const step of own) step();
    },
    dispose: () => {
      if (crew !== undefined) addon.disband(crew);
      crew = undefined;
      views.clear();
      runs.clear();
    },
  };
}

/** Throws the error of a gather whose index is outside its table. */
function outside({ words, loops }: Listed, arena: Uint8Array, [at, place]: readonly [number, number]): never {
  let start = 0;
  const found = words.findIndex((own) => {
    const isHere = start === at;
    start += own.length + 1;
    return isHere;
  });
  const loop = loops[found] as Extract<Loop, { loop: "gather" }>;
  const address = words[found][loop.mode === "gather" ? 6 : 7] as number;
  const [index] = new Int32Array(arena.buffer, arena.byteOffset + address + place * 4, 1);
  throw new UsageError(`${loop.mode}: index ${index} is outside 0 .. ${loop.rows - 1}`);
}
