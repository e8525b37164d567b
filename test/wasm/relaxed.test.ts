import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";
import { probe } from "../../src/backends/wasm/probe.ts";
import { difference, type Layout } from "./contraction.ts";

// Node 20 knows relaxed SIMD behind a flag; later versions have it without.
setFlagsFromString("--experimental-wasm-relaxed-simd");

test("the machine's multiply-add gives the bits of the emulation's reference", (context) => {
  if (!probe().fused) context.skip("relaxed multiply-add does not round once on this machine");
  for (const store of ["float32", "float64"]) {
    for (const block of [16, Infinity]) {
      for (const layout of ["nn", "nt", "tn", "strided"] as Layout[]) {
        const spec = { store, arithmetic: "fused", block } as const;
        expect(difference({ m: 9, n: 21, k: 70 }, layout, true, spec, 0)).toBe("");
        expect(difference({ m: 9, n: 21, k: 3 }, layout, true, spec, 0.3)).toBe("");
      }
    }
  }
});
