import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/index.ts";
import type { Engine } from "../../src/backends/backend.ts";
import { Module } from "../../src/backends/wasm/assembler.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { Threads } from "../../src/backends/wasm/threads.ts";
import { compile } from "../../src/compile.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import type { Kernel } from "../../src/ir/loops.ts";
import type { Program } from "../../src/ir/program.ts";
import { extend, trace, type Update, update } from "../../src/ir/trace.ts";
import { mlpNamed, parameterShapes } from "../../src/nn/architecture.ts";
import { mlpLoss } from "../../src/nn/mlp.ts";
import { add, conv2d, exp, maxPool2d, mul, relu, softmax, sub, sum } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import { awkward, contraction, elements, type Layout } from "./contraction.ts";

const workers: Worker[] = [];
const remember = (worker: Worker): void => void workers.push(worker);

beforeAll(() => {
  process.on("worker", remember);
});

afterAll(() => {
  process.off("worker", remember);
});

/** Workers that were started since there were `before`; Node announces them in the next tick. */
async function startedSince(before: number): Promise<readonly Worker[]> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
  return workers.slice(before);
}

/** Numbers with awkward ones among them, the same for every engine. */
function fill(engine: Engine, kernel: Kernel, special: number): void {
  kernel.inputs.forEach(({ name, value }, i) => {
    const numbers = awkward(elements(kernel, name), 29 * i + 7, special);
    const isLabel = kernel.values[value].type === "int32";
    engine.write(name, isLabel ? numbers.map((x) => Math.abs(Math.round(x)) % 10 || 0) : numbers);
  });
}

function bitsOf(engine: Engine, kernel: Kernel): string {
  const texts = kernel.outputs.map(({ name }) => {
    const values = engine.buffer(name).slice();
    values.forEach((x, i) => {
      if (Number.isNaN(x)) values[i] = Number.NaN;
    });
    return `${name} ${Buffer.from(values.buffer, 0, values.byteLength).toString("base64")}`;
  });
  return texts.join("\n");
}

/** The bits of every output after `runs` runs, when all threads have come up. */
async function bits(
  kernel: Kernel,
  spec: PrecisionSpec | string,
  threads: number,
  special: number,
  runs: number,
): Promise<string> {
  const before = workers.length;
  const engine = wasm.compile({ only: kernel }, precision(spec), threads);
  const started = await startedSince(before);
  expect(started.length).toBe(threads - 1);
  await Promise.all(started.map((worker) => once(worker, "online")));
  if (threads > 1) await setTimeout(20);
  fill(engine, kernel, special);
  for (let i = 0; i < runs; i++) engine.run("only");
  const result = bitsOf(engine, kernel);
  engine.dispose();
  await Promise.all(started.map((worker) => worker.threadId === -1 || once(worker, "exit")));
  return result;
}

async function expectSameBits(
  kernel: Kernel,
  spec: PrecisionSpec | string,
  {
    special = 0.05,
    runs = 3,
    counts = [2, 3, 4],
  }: { special?: number; runs?: number; counts?: readonly number[] } = {},
): Promise<void> {
  const expected = await bits(kernel, spec, 1, special, runs);
  for (const threads of counts) {
    const found = await bits(kernel, spec, threads, special, runs);
    expect(found === expected, `${threads} threads, ${JSON.stringify(spec)}`).toBe(true);
  }
}

const layouts: readonly Layout[] = ["nn", "nt", "tn", "strided"];

test.each(layouts)("contractions of odd sizes have the same bits for every number of threads: %s", async (layout) => {
  await expectSameBits(contraction({ m: 67, n: 129, k: 65 }, layout, true), { store: "float32", block: 16 });
  await expectSameBits(contraction({ batch: [1, 3, 2], m: 33, n: 41, k: 67 }, layout, false), { store: "float64" });
});

test.each<PrecisionSpec>([
  { store: "float16" },
  { store: "bfloat16", accumulate: "bfloat16", block: 8 },
  { store: "float8_e4m3", bias: "rounded" },
  { store: "float32", operands: "tfloat32", block: 300 },
  { store: "float32", arithmetic: "fused" },
  { store: "float32", accumulate: "float64", block: 600 },
  { store: "float16", accumulate: "float16", flush: true, block: Infinity },
])("contractions in narrow formats: %j", async (spec) => {
  await expectSameBits(contraction({ m: 61, n: 35, k: 601 }, "nn", true), spec, { special: 0, counts: [3] });
});

test("convolutions, overlapping pools and their gradients", async () => {
  const net = trace(
    ({ x, w, b, v }) => ({
      s: sum(
        mul(maxPool2d(relu(conv2d(x, w, b, { padding: 1, stride: [1, 2] })), { window: 3, stride: 2, padding: 1 }), v),
      ),
    }),
    { x: [9, 5, 30, 41], w: [19, 5, 3, 3], b: [19], v: [9, 19, 15, 11] },
  );
  for (const store of ["float32", "float16"]) await expectSameBits(lower(gradient(net)), store, { counts: [2, 3] });
});

test("maps, reductions, softmax", async () => {
  const program = trace(
    ({ x, y }) => ({
      scaled: mul(add(relu(x), y), 3),
      shares: softmax(x),
      total: sum(exp(x), [0]),
      along: sum(mul(x, y), [1]),
    }),
    { x: [271, 301], y: [301] },
  );
  for (const store of ["float32", "float16", "float64"])
    await expectSameBits(lower(program), store, { counts: [2, 3] });
});

/** Forward, backward and an update in place: w := w - d:w / 8. */
function trainingStep(): Program {
  const mlp = mlpNamed("131-67x2-10");
  const names = Object.keys(parameterShapes(mlp));
  const gradients = gradient(mlpLoss(mlp, 101), undefined, { wrt: names });
  return extend(gradients, (t) => {
    const updates: Record<string, Update> = {};
    for (const name of names) updates[`new:${name}`] = update(name, sub(t[name], mul(t[`d:${name}`], 0.125)));
    return updates;
  });
}

test("training steps of a network, 200 times", async () => {
  await expectSameBits(lower(trainingStep()), "float32", { special: 0, runs: 200 });
  await expectSameBits(
    lower(trainingStep()),
    { store: "float16", accumulate: "float32" },
    { special: 0, runs: 5, counts: [2] },
  );
});

test("rounding that needs JavaScript stays on one thread", async () => {
  const before = workers.length;
  const engine = wasm.compile(
    { only: contraction({ m: 67, n: 129, k: 65 }, "nn", false) },
    precision({ store: "float16", rounding: "stochastic" }),
    2,
  );
  engine.dispose();
  expect(await startedSince(before)).toEqual([]);
});

/** Two stripes that need two threads: each goes on when the other has begun; the second may trap then. */
function rendezvous(traps: boolean): Threads {
  const module = new Module();
  module.importMemory("engine", "memory", 1, { maximum: 1, shared: true });
  for (const own of [0, 1]) {
    const f = module.function([], [], `stripe:${own}`);
    f.loop((again) => {
      f.i32(0)
        .i32(1)
        .memory("i32.store", own * 64);
      f.i32(0).memory("i32.load", (1 - own) * 64);
      f.op("i32.eqz").branchIf(again);
    });
    if (traps && own === 1) f.op("unreachable");
  }
  const compiled = new WebAssembly.Module(module.bytes());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const host = (): number => 0;
  return new Threads(2, compiled, memory, new WebAssembly.Instance(compiled, { engine: { memory, host } }), 2);
}

test("two threads work at the same time", async () => {
  const before = workers.length;
  const threads = rendezvous(false);
  threads.run(0, 2);
  const [worker] = await startedSince(before);
  threads.dispose();
  await once(worker, "exit");
  expect(worker.threadId).toBe(-1);
});

test("an error in a thread surfaces, once", async () => {
  const before = workers.length;
  const threads = rendezvous(true);
  expect(() => threads.run(0, 2)).toThrow(/unreachable/);
  threads.run(0, 1);
  const [worker] = await startedSince(before);
  threads.dispose();
  await once(worker, "exit");
});

test("disposed engines leave no thread", async () => {
  const before = workers.length;
  const engine = compile(trainingStep(), { threads: 3, backend: "wasm" });
  const started = await startedSince(before);
  expect(started.length).toBe(2);
  engine.dispose();
  await Promise.all(started.map((worker) => once(worker, "exit")));
  expect(() => engine.run("program")).toThrow(/no program/);
});

test("impossible numbers of threads", () => {
  for (const threads of [0, 1.5, -1, Number.NaN, 1000]) {
    expect(() => compile(trainingStep(), { threads, backend: "wasm" })).toThrow(
      /threads is .* expected a whole number/,
    );
  }
});
