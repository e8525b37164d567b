import { expect, test } from "vitest";
import { formatNamed } from "../../src/formats/index.ts";
import type { PrecisionSpec } from "../../src/formats/precision.ts";
import { testNative } from "./agree.ts";
import { contraction, difference, differenceOn, type Layout, ofEveryMagnitude, type Sizes } from "./contraction.ts";

const layouts: Layout[] = ["nn", "nt", "tn", "strided"];
const sizes: Sizes[] = [
  { m: 1, n: 1, k: 1 },
  { m: 5, n: 10, k: 7 },
  { m: 4, n: 8, k: 300 },
  { m: 7, n: 3, k: 33 },
  { m: 13, n: 23, k: 65 },
  { m: 3, n: 6, k: 0 },
  { m: 2, n: 9, k: 1030 },
  { batch: [2, 3], m: 3, n: 5, k: 19 },
];

for (const arithmetic of ["strict", "fused"] as const) {
  for (const store of ["float32", "float64"]) {
    test(`${store} ${arithmetic}: odd sizes, layouts, blocks`, () => {
      for (const block of [256, 1, 7, 32, 400, 600, Infinity]) {
        for (const size of sizes) {
          for (const layout of layouts) {
            expect(difference(size, layout, block === 32, { store, arithmetic, block }, 0)).toBe("");
          }
        }
      }
    });
  }
}

test("zeros of both signs, subnormals, infinities, NaN", () => {
  for (const arithmetic of ["strict", "fused"] as const) {
    for (const store of ["float32", "float64"]) {
      for (const bias of ["once", "rounded"] as const) {
        for (const layout of layouts) {
          for (const k of [1, 2, 5]) {
            expect(difference({ m: 21, n: 26, k }, layout, true, { store, arithmetic, bias }, 0.4)).toBe("");
          }
        }
      }
    }
  }
});

const small: Sizes = { m: 6, n: 13, k: 37 };

test("every format of storage, operands and sums", () => {
  const stores = ["float16", "bfloat16", "tfloat32", "float8_e4m3", "float8_e5m2", "custom(8,20)", "custom(4,3)"];
  for (const store of stores) {
    const others = [
      {},
      { accumulate: store },
      { accumulate: "float64" },
      { operands: "float8_e5m2" },
      { accumulate: store, operands: "float8_e5m2" },
      { accumulate: "float16", flush: true },
      { accumulate: store, bias: "rounded", flush: true },
    ] as const;
    for (const other of others) {
      for (const arithmetic of ["strict", "fused"] as const) {
        const spec = { store, arithmetic, block: 16, ...other };
        for (const special of [0, 0.1]) {
          expect(difference(small, "nn", true, spec, special)).toBe("");
        }
      }
    }
  }
});

test("operands and sums that differ from storage", () => {
  const specs: PrecisionSpec[] = [
    { store: "float32", operands: "tfloat32" },
    { store: "float32", operands: "bfloat16", flush: true },
    { store: "float32", accumulate: "float64" },
    { store: "float32", accumulate: "float64", bias: "rounded" },
    { store: "float32", operands: "float16", accumulate: "float16" },
    { store: "float64", operands: "tfloat32", accumulate: "float64" },
    { store: "float64", flush: true },
    { store: "float32", flush: true, bias: "rounded" },
  ];
  for (const spec of specs) {
    for (const arithmetic of ["strict", "fused"] as const) {
      for (const layout of layouts) expect(difference(small, layout, true, { ...spec, arithmetic }, 0.05)).toBe("");
    }
  }
});

test("more rows, columns and terms than are packed at a time", () => {
  for (const store of ["float32", "float64"]) {
    expect(difference({ m: 133, n: 1029, k: 3 }, "nn", true, { store }, 0)).toBe("");
    expect(difference({ m: 133, n: 5, k: 700 }, "tn", true, { store }, 0)).toBe("");
    expect(difference({ m: 133, n: 5, k: 700 }, "nt", false, { store, accumulate: "float64", block: 300 }, 0)).toBe("");
  }
});

test("sums in narrow formats over the whole range: overflow, subnormal products, long chains", () => {
  const formats = [
    "float16",
    "bfloat16",
    "tfloat32",
    "float8_e4m3",
    "float8_e5m2",
    "custom(5,3)",
    "custom(7,10)",
    "custom(8,1)",
  ];
  for (const store of formats) {
    const top = 2 ** (formatNamed(store).exponentBits - 1);
    for (const range of [2, top / 4, top / 2, top]) {
      for (const block of [5, 256, Infinity]) {
        const kernel = contraction({ m: 5, n: 11, k: block === Infinity ? 530 : 23 }, "nn", false);
        const spec: PrecisionSpec = { store, accumulate: store, block };
        expect(differenceOn(kernel, spec, (count, seed) => ofEveryMagnitude(count, seed, range))).toBe("");
      }
    }
  }
});

testNative();
