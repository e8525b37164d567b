/** Random draws in WebAssembly: `base/philox` and `backends/stochastic`, one draw per call. */
import { philoxConstants } from "../../base/philox.ts";
import { drawHighWord } from "../stochastic.ts";
import type { FunctionBuilder, Local, Module } from "./assembler.ts";
import { once } from "./once.ts";

/** Name of the exported global that holds the step. */
export const stepGlobal = "step";

function emitDraw(module: Module, seed: number): FunctionBuilder {
  const step = module.global("i32", 0);
  module.exportGlobal(step, stepGlobal);
  const f = module.function(["i32", "i32", "i32"], ["f64"]);
  const [stream, a, b] = [0, 1, 2];
  const { multipliers, increments, rounds } = philoxConstants;
  const [c0, c1, c2, c3] = Array.from({ length: 4 }, () => f.local("i32"));
  const [p0, p1] = [f.local("i64"), f.local("i64")];
  f.get(a).set(c0).get(b).set(c1).getGlobal(step).set(c2).i32(drawHighWord(seed)).set(c3);
  const product = (word: Local, multiplier: number, to: Local): unknown =>
    f.get(word).op("i64.extend_i32_u").i64(BigInt(multiplier)).op("i64.mul").set(to);
  const high = (p: Local): FunctionBuilder => f.get(p).i64(32n).op("i64.shr_u").op("i32.wrap_i64");
  for (let round = 0; round < rounds; round++) {
    product(c0, multipliers[0], p0);
    product(c2, multipliers[1], p1);
    high(p1)
      .get(c1)
      .op("i32.xor")
      .i32(seed + round * increments[0])
      .op("i32.xor")
      .set(c0);
    f.get(p1).op("i32.wrap_i64").set(c1);
    high(p0).get(c3).op("i32.xor").get(stream).i32(Math.imul(round, increments[1])).op("i32.add").op("i32.xor").set(c2);
    f.get(p0).op("i32.wrap_i64").set(c3);
  }
  f.get(c0)
    .i32(5)
    .op("i32.shr_u")
    .op("f64.convert_i32_u")
    .f64(2 ** 26)
    .op("f64.mul");
  f.get(c1)
    .i32(6)
    .op("i32.shr_u")
    .op("f64.convert_i32_u")
    .op("f64.add")
    .f64(2 ** -53)
    .op("f64.mul");
  return f;
}

/** (stream, a, b) -> the draw at the engine's step. */
export function drawFunction(module: Module, seed: number): FunctionBuilder {
  return once(module, ["draw", seed], () => emitDraw(module, seed));
}
