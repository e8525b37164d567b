import { expect, test } from "vitest";
import { js } from "../../src/backends/js/index.ts";
import { type PrecisionSpec, precision } from "../../src/formats/precision.ts";
import { awkward, compilePacked, contraction, elements, type Layout, type Sizes } from "./contraction.ts";

/** First difference between the packed contraction and the reference, as text. */
function difference(sizes: Sizes, layout: Layout, bias: boolean, spec: PrecisionSpec, special: number): string {
  const kernel = contraction(sizes, layout, bias);
  const filled = precision(spec);
  const packed = compilePacked(kernel, filled);
  if (packed === undefined) return "declined";
  const reference = js.compile({ only: kernel }, filled);
  kernel.inputs.forEach(({ name }, i) => {
    reference.write(name, awkward(elements(kernel, name), 17 * i + sizes.k, special));
    packed.buffer(name).set(reference.buffer(name));
  });
  reference.run("only");
  packed.buffer("out").fill(12345);
  packed.run();
  packed.run();
  const [expected, found] = [reference.buffer("out"), packed.buffer("out")];
  const at = expected.findIndex((value, i) => !Object.is(value, found[i]));
  return at < 0
    ? ""
    : `${layout} ${JSON.stringify(sizes)} ${JSON.stringify(spec)} [${at}]: ${found[at]}, expected ${expected[at]}`;
}

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
