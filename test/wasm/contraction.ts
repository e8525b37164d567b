/** One contraction compiled alone: kernels for the contraction tests and the measurements. */

import type { Carrier } from "../../src/backends/backend.ts";
import { carrierView } from "../../src/backends/js/arena.ts";
import { js } from "../../src/backends/js/index.ts";
import { formatOfType } from "../../src/backends/layout.ts";
import { plan } from "../../src/backends/planner.ts";
import { Module } from "../../src/backends/wasm/assembler.ts";
import { ChoiceCells, Context, Host } from "../../src/backends/wasm/context.ts";
import { contractScratch, contractTables, emitContract } from "../../src/backends/wasm/contract.ts";
import { WalkTables } from "../../src/backends/wasm/walk.ts";
import { sizeOf, stridesOf } from "../../src/base/shape.ts";
import { type Precision, type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import type { ContractLoop, Kernel } from "../../src/ir/loops.ts";

export type Layout = "nn" | "nt" | "tn" | "strided";

export interface Sizes {
  readonly batch?: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** a is [batch, m, k] ("tn": stored [batch, k, m]); b is [batch, k, n] ("nt": stored [batch, n, k]) and one per batch. */
export function contraction({ batch = [], m, n, k }: Sizes, layout: Layout, withBias: boolean): Kernel {
  const gap = layout === "strided" ? 2 : 1;
  const shapeA = layout === "tn" ? [...batch, k, m] : [...batch, m, k * gap];
  const shapeB = layout === "nt" ? [n, k] : [k, n * gap];
  const outer = (size: number): number[] => {
    const strides: number[] = [];
    for (let axis = batch.length - 1, stride = size; axis >= 0; stride *= batch[axis--]) strides.unshift(stride);
    return strides;
  };
  const loop: ContractLoop = {
    loop: "contract",
    node: 0,
    batch,
    m: [m],
    n: [n],
    k: [k],
    a: { value: 0, strides: [...outer(m * k * gap), ...(layout === "tn" ? [1, m] : [k * gap, gap])], offset: 0 },
    b: {
      value: 1,
      strides: [...batch.map(() => 0), ...(layout === "nt" ? [1, k] : [n * gap, gap])],
      offset: gap - 1,
    },
    ...(withBias ? { bias: { value: 2, strides: [...batch.map(() => 0), 0, 1], offset: 0 } } : {}),
    output: { value: withBias ? 3 : 2, strides: stridesOf([...batch, m, n]), offset: 0 },
  };
  const store = (shape: readonly number[]): { shape: readonly number[]; type: string } => ({ shape, type: "store" });
  return {
    values: [store(shapeA), store(shapeB), ...(withBias ? [store([n])] : []), store([...batch, m, n])],
    inputs: [{ name: "a", value: 0 }, { name: "b", value: 1 }, ...(withBias ? [{ name: "bias", value: 2 }] : [])],
    outputs: [{ name: "out", value: loop.output.value }],
    loops: [loop],
    choices: [],
  };
}

export interface Compiled {
  buffer(name: string): Carrier;
  run(): void;
}

/** Compiles by the packed contraction alone; undefined where it declines. */
export function compilePacked(kernel: Kernel, precision: Precision): Compiled | undefined {
  const formatOf = (value: number): ReturnType<typeof formatOfType> =>
    formatOfType(kernel.values[value].type, precision);
  const loop = kernel.loops[0] as ContractLoop;
  const tables = new WalkTables();
  contractTables(loop, formatOf, precision, (walk, bytes) => tables.address(walk, bytes));
  const planned = plan({ only: kernel }, precision, () => contractScratch(loop, formatOf, precision), tables.end);
  const module = new Module();
  const pages = Math.ceil((planned.bytes + 64) / 65536);
  module.importMemory("engine", "memory", pages);
  const host = new Host(module);
  const context = new Context(module, "only", planned.kernels.only, precision, host, new ChoiceCells(), tables);
  const f = module.function([], [], "run");
  if (!emitContract(context, f, loop, planned.kernels.only.scratch[0])) return undefined;
  const memory = new WebAssembly.Memory({ initial: pages });
  tables.write(memory.buffer);
  const imports = { engine: { memory, host: host.call } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports);
  return {
    buffer: (name) => {
      const { type, offset } = planned.named.get(name) as { type: { shape: number[]; type: string }; offset: number };
      return carrierView(memory.buffer, type, offset, precision);
    },
    run: exports.run as () => void,
  };
}

/** Numbers with signed zeros, subnormals, infinities and NaN among them, from a small congruential generator. */
export function awkward(count: number, seed: number, special: number): Float64Array {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const rare = [0, -0, 2 ** -149, -(2 ** -1074), 2 ** -126, Infinity, -Infinity, Number.NaN, 2 ** 120, 2 ** -80];
  return Float64Array.from({ length: count }, () => {
    const choice = next();
    if (choice < special) return rare[Math.floor(next() * rare.length)];
    if (choice < special + 0.2) return 0;
    return (next() - 0.5) * 2 ** Math.floor(next() * 8 - 4);
  });
}

/** Numbers of every magnitude between 2^-range and 2^range. */
export function ofEveryMagnitude(count: number, seed: number, range: number): Float64Array {
  const fractions = awkward(count, seed, 0);
  return fractions.map(
    (x, i) => Math.sign(x) * (1 + Math.abs(x % 1)) * 2 ** ((((i * 7919 + seed) % 997) / 498 - 1) * range),
  );
}

export function elements(kernel: Kernel, name: string): number {
  const { value } = [...kernel.inputs, ...kernel.outputs].find((buffer) => buffer.name === name) as { value: number };
  return sizeOf(kernel.values[value].shape);
}

/** First difference between the packed contraction and the reference, as text; `fill` gives the operands. */
export function differenceOn(
  kernel: Kernel,
  spec: PrecisionSpec,
  fill: (count: number, seed: number) => Float64Array,
): string {
  const filled = precision(spec);
  const packed = compilePacked(kernel, filled);
  if (packed === undefined) return "declined";
  const reference = js.compile({ only: kernel }, filled);
  kernel.inputs.forEach(({ name }, i) => {
    reference.write(name, fill(elements(kernel, name), 17 * i + 3));
    packed.buffer(name).set(reference.buffer(name));
  });
  reference.run("only");
  packed.buffer("out").fill(12345);
  packed.run();
  packed.run();
  const [expected, found] = [reference.buffer("out"), packed.buffer("out")];
  const at = expected.findIndex((value, i) => !Object.is(value, found[i]));
  return at < 0 ? "" : `${JSON.stringify(spec)} [${at}]: ${found[at]}, expected ${expected[at]}`;
}

/** `differenceOn` for a size and a layout, on awkward numbers. */
export function difference(sizes: Sizes, layout: Layout, bias: boolean, spec: PrecisionSpec, special: number): string {
  const found = differenceOn(contraction(sizes, layout, bias), spec, (count, seed) => awkward(count, seed, special));
  return found === "" ? "" : `${layout} ${JSON.stringify(sizes)} ${found}`;
}
