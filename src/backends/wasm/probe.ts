/** What this machine's WebAssembly can do, found by trying. */
import { Module } from "./assembler.ts";

export interface Probe {
  readonly simd: boolean;
  /** relaxed_madd validates. */
  readonly relaxed: boolean;
  /** relaxed_madd rounds once, in float32 and in float64: it may stand for fusedMultiplyAdd. */
  readonly fused: boolean;
}

function validates(write: (module: Module) => void): boolean {
  const module = new Module();
  write(module);
  return WebAssembly.validate(module.bytes());
}

/** x * x + y in every lane by relaxed_madd, as float64 numbers. */
function multiplyAdd(kind: "f32" | "f64"): (x: number, y: number) => number[] {
  const lanes = kind === "f32" ? 4 : 2;
  const module = new Module();
  for (let lane = 0; lane < lanes; lane++) {
    const f = module.function([kind, kind], [kind], `lane${lane}`);
    const splat = kind === "f32" ? "f32x4.splat" : "f64x2.splat";
    f.get(0).op(splat).get(0).op(splat).get(1).op(splat);
    if (kind === "f32") f.op("f32x4.relaxed_madd").lane("f32x4.extract_lane", lane);
    else f.op("f64x2.relaxed_madd").lane("f64x2.extract_lane", lane);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()));
  return (x, y) =>
    Array.from({ length: lanes }, (_, lane) => (exports[`lane${lane}`] as (x: number, y: number) => number)(x, y));
}

/** (1 + u)^2 - (1 + 2u) is u^2 when rounded once and 0 when the product is rounded first. */
function roundsOnce(kind: "f32" | "f64"): boolean {
  const u = kind === "f32" ? 2 ** -23 : 2 ** -52;
  return multiplyAdd(kind)(1 + u, -(1 + 2 * u)).every((result) => result === u * u);
}

let found: Probe | undefined;

/** The probe's result, computed once. */
export function probe(): Probe {
  if (found === undefined) {
    const simd = validates((module) => module.function([], ["v128"]).splat(0, "f32"));
    const relaxed = validates((module) =>
      module.function([], ["v128"]).splat(0, "f32").splat(0, "f32").splat(0, "f32").op("f32x4.relaxed_madd"),
    );
    found = { simd, relaxed, fused: relaxed && roundsOnce("f32") && roundsOnce("f64") };
  }
  return found;
}
