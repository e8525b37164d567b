import { expect, test } from "vitest";
import { Module } from "../../src/backends/wasm/assembler.ts";
import {
  laneMemoryCodes,
  type MemoryName,
  memoryCodes,
  type PlainName,
  scalarCodes,
} from "../../src/backends/wasm/opcodes.ts";
import { type LaneName, laneCodes, vectorCodes } from "../../src/backends/wasm/vector-codes.ts";

test("a loop sums integers and branches find their labels", () => {
  const module = new Module();
  const f = module.function(["i32"], ["i32"], "sum");
  const i = f.local("i32");
  const total = f.local("i32");
  f.block((end) => {
    f.get(0).op("i32.eqz").branchIf(end);
    f.range(i, 0, 1, () => {
      f.get(total).get(i).op("i32.add").set(total);
    });
  });
  f.get(total);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()));
  const sum = instance.exports.sum as (n: number) => number;
  expect([sum(0), sum(1), sum(1000)]).toEqual([0, 0, 499500]);
});

test("constants of every size survive LEB128", () => {
  for (const value of [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
    const module = new Module();
    module.function([], ["i32"], "i").i32(value);
    module.function([], ["i64"], "j").i64(BigInt(value) * 2n ** 31n);
    const exports = new WebAssembly.Instance(new WebAssembly.Module(module.bytes())).exports;
    expect((exports.i as () => number)()).toBe(value);
    expect((exports.j as () => bigint)()).toBe(BigInt(value) * 2n ** 31n);
  }
});

/** Operand and result kinds of an instruction, read from its name as the specification writes it. */
function signature(name: string): { from: string[]; to: string } {
  const [kind, operation] = name.split(".");
  if (kind === "v128" || kind.includes("x")) {
    const lane = { i8x16: "i32", i16x8: "i32", i32x4: "i32", i64x2: "i64", f32x4: "f32", f64x2: "f64" }[kind] ?? "v128";
    if (operation === "splat") return { from: [lane], to: "v128" };
    if (operation === "any_true" || operation === "all_true" || operation === "bitmask")
      return { from: ["v128"], to: "i32" };
    if (operation.startsWith("extract")) return { from: ["v128"], to: lane };
    if (operation.startsWith("replace")) return { from: ["v128", lane], to: "v128" };
    if (operation.startsWith("sh")) return { from: ["v128", "i32"], to: "v128" };
    if (operation === "bitselect" || operation.startsWith("relaxed"))
      return { from: ["v128", "v128", "v128"], to: "v128" };
    const unary = /^(not|abs|neg|popcnt|sqrt|ceil|floor|trunc|nearest|extend|convert|promote|demote)/.test(operation);
    return { from: unary ? ["v128"] : ["v128", "v128"], to: "v128" };
  }
  const source = /_(i32|i64|f32|f64)(_|$)/.exec(operation);
  if (source) return { from: [source[1]], to: kind };
  const test = /^(eqz|eq|ne|lt|gt|le|ge)(_|$)/.test(operation);
  const unary = /^(eqz|clz|ctz|popcnt|abs|neg|ceil|floor|trunc|nearest|sqrt)$/.test(operation);
  return { from: unary ? [kind] : [kind, kind], to: test ? "i32" : kind };
}

/** A module with one instruction between parameters and the result: it validates only if the code has those types. */
function validates(
  from: string[],
  to: string | undefined,
  write: (f: ReturnType<Module["function"]>) => void,
): boolean {
  const module = new Module();
  module.importMemory("env", "memory", 1);
  const f = module.function(from as never, (to === undefined ? [] : [to]) as never);
  for (const local of from.keys()) f.get(local);
  write(f);
  return WebAssembly.validate(module.bytes());
}

test("every instruction has the type that its name says", () => {
  const relaxed = validates(["v128", "v128", "v128"], "v128", (f) => f.op("f32x4.relaxed_madd"));
  const wrong: string[] = [];
  for (const name of [...Object.keys(scalarCodes), ...Object.keys(vectorCodes)] as PlainName[]) {
    if (!name.includes(".") || (name.includes("relaxed") && !relaxed)) continue;
    const { from, to } = signature(name);
    if (!validates(from, to, (f) => f.op(name))) wrong.push(name);
  }
  for (const name of Object.keys(laneCodes) as LaneName[]) {
    const { from, to } = signature(name);
    if (!validates(from, to, (f) => f.lane(name, 1))) wrong.push(name);
  }
  for (const name of Object.keys(memoryCodes) as MemoryName[]) {
    const kind = name.split(".")[0];
    const store = name.includes("store");
    if (!validates(store ? ["i32", kind] : ["i32"], store ? undefined : kind, (f) => f.memory(name, 300)))
      wrong.push(name);
  }
  for (const name of Object.keys(laneMemoryCodes) as (keyof typeof laneMemoryCodes)[]) {
    const store = name.includes("store");
    if (!validates(["i32", "v128"], store ? undefined : "v128", (f) => f.laneMemory(name, 1, 300))) wrong.push(name);
  }
  expect(wrong).toEqual([]);
});

test("memory: vector constants, bulk copies and data segments", () => {
  const module = new Module();
  module.importMemory("env", "memory", 1);
  const f = module.function([], [], "run");
  f.i32(0).splat(Number.NaN, "f32").splat(1, "f32").op("f32x4.max").memory("v128.store");
  f.i32(16).i32(0).i32(32).copyMemory();
  module.data(100, new Uint8Array([1, 2, 3]));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  (instance.exports.run as () => void)();
  expect([...new Float32Array(memory.buffer, 0, 8)]).toEqual(new Array(8).fill(Number.NaN));
  expect([...new Uint8Array(memory.buffer, 100, 3)]).toEqual([1, 2, 3]);
});
