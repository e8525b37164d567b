/** The upper bounds of `roof.ts` as contenders that do as many floating-point operations as we do. */
import type { BenchBackend } from "../backends.ts";
import { type Contender, timed } from "../bench.ts";
import { nativeRegisterRoof, nativeTileRoof } from "../native-roof.ts";
import { type Roof, registerRoof, tileRoof } from "../roof.ts";

export type Arithmetic = "strict" | "fused";

/** A repetition counts as `flops` operations; the time of as many whole runs as come nearest is scaled to that. */
function scaled(roof: Roof, flops: number): Contender {
  const whole = timed(roof.name, roof.run);
  return {
    peerName: roof.name,
    async seconds(repeats) {
      const wanted = (repeats * flops) / roof.flops;
      const runs = Math.max(1, Math.round(wanted));
      return (await whole.seconds(runs)) * (wanted / runs);
    },
  };
}

/** The peers "roof" and "roof-registers" of a work of `flops` operations. */
export function roofPeers(
  format: "f32" | "f64",
  arithmetic: Arithmetic,
  flops: number,
  backend: BenchBackend = "wasm",
): readonly { readonly peerName: string; start(): Contender }[] {
  if (backend === "native") {
    return [
      { peerName: "roof", start: () => scaled(nativeTileRoof(format, arithmetic), flops) },
      { peerName: "roof-registers", start: () => scaled(nativeRegisterRoof(format, arithmetic), flops) },
    ];
  }
  return [
    { peerName: "roof", start: () => scaled(tileRoof(format, arithmetic), flops) },
    { peerName: "roof-registers", start: () => scaled(registerRoof(format, arithmetic), flops) },
  ];
}
