/**
 * Upper bounds of the contraction on this machine: multiply-adds between registers alone, and the contraction's own
 * micro-kernel on packed panels that stay in the first-level cache.
 */

import { Module } from "../src/backends/wasm/assembler.ts";
import { float32Lanes, float64Lanes, type Lanes } from "../src/backends/wasm/lanes.ts";
import { probe } from "../src/backends/wasm/probe.ts";
import { relaxedSteps, strictSteps } from "../src/backends/wasm/steps.ts";
import { emitTile, rowPanelBytes, type Steps, tileRows, tileVectors } from "../src/backends/wasm/tile.ts";
import { UsageError } from "../src/base/errors.ts";

export interface Roof {
  readonly name: "roof" | "roof-registers";
  /** Floating-point operations of one run: two per multiply-add. */
  readonly flops: number;
  run(): void;
}

const repetitions = 400;

/** @throws UsageError for fused arithmetic where relaxed SIMD is absent or not fused. */
function stepsFor(format: "f32" | "f64", arithmetic: "strict" | "fused"): Steps {
  if (arithmetic === "fused" && !probe().fused) {
    throw new UsageError("roof: no fused multiply-add; node 20 needs --experimental-wasm-relaxed-simd");
  }
  const lanes = format === "f32" ? float32Lanes : float64Lanes;
  return arithmetic === "fused" ? relaxedSteps(lanes) : strictSteps(lanes);
}

function instantiate(module: Module): () => void {
  const env = { memory: new WebAssembly.Memory({ initial: 2 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env });
  return exports.run as () => void;
}

function moduleWithMemory(): Module {
  const module = new Module();
  module.importMemory("env", "memory", 2);
  return module;
}

/**
 * x = x * y + z in 13 registers: enough independent chains to fill two multipliers and two adders of a latency of 3,
 * as many as leave room for y and z. (A sum of products of two constants would not do: compilers hoist the product.)
 */
export function registerRoof(format: "f32" | "f64", arithmetic: "strict" | "fused"): Roof {
  const { lanes } = stepsFor(format, arithmetic);
  const chains = 13;
  const unrolled = 4;
  const module = moduleWithMemory();
  const f = module.function([], [], "run");
  const sums = Array.from({ length: chains }, () => f.local("v128"));
  const [y, z, i] = [f.local("v128"), f.local("v128"), f.local("i32")];
  f.i32(0).memory("v128.load").set(y).i32(16).memory("v128.load").set(z);
  const step = (lanesName: Lanes["name"], sum: number): void => {
    f.get(sum).get(y);
    if (arithmetic === "fused") f.get(z).op(`${lanesName}.relaxed_madd`);
    else f.op(`${lanesName}.mul`).get(z).op(`${lanesName}.add`);
    f.set(sum);
  };
  f.range(i, { constant: repetitions * 256 }, unrolled, () => {
    for (let k = 0; k < unrolled; k++) for (const sum of sums) step(lanes.name, sum);
  });
  sums.forEach((sum, at) => {
    f.i32(32 + 16 * at)
      .get(sum)
      .memory("v128.store");
  });
  return { name: "roof-registers", flops: repetitions * 256 * chains * lanes.count * 2, run: instantiate(module) };
}

/** The micro-kernel on one pair of panels of 256 terms. */
export function tileRoof(format: "f32" | "f64", arithmetic: "strict" | "fused"): Roof {
  const steps = stepsFor(format, arithmetic);
  const { lanes } = steps;
  const terms = 256;
  const module = moduleWithMemory();
  const tile = emitTile(module, steps, { rows: tileRows, vectors: tileVectors, tail: lanes.count });
  const [a, b, target] = [0, 32768, 65536];
  const f = module.function([], [], "run");
  const i = f.local("i32");
  f.range(i, { constant: repetitions }, 1, () => {
    f.i32(a)
      .i32(b)
      .i32(a + terms * rowPanelBytes(lanes, tileRows))
      .i32(target)
      .i32(target);
    f.i32(tileVectors * 16)
      .i32(0)
      .call(tile);
  });
  return {
    name: "roof",
    flops: repetitions * terms * tileRows * tileVectors * lanes.count * 2,
    run: instantiate(module),
  };
}
