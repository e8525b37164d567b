import { expect, test } from "vitest";
import { js } from "../../src/backends/js/index.ts";
import { wasm } from "../../src/backends/wasm/index.ts";
import { precision } from "../../src/formats/precision.ts";
import * as e from "../../src/ir/expression.ts";
import type { Kernel } from "../../src/ir/loops.ts";

test("smoke", () => {
  const kernel: Kernel = {
    values: [
      { shape: [3, 5], type: "store" },
      { shape: [5], type: "store" },
      { shape: [3, 5], type: "store" },
      { shape: [5], type: "store" },
      { shape: [], type: "int32" },
    ],
    inputs: [{ name: "x", value: 0 }, { name: "b", value: 1 }],
    outputs: [{ name: "y", value: 2 }, { name: "s", value: 3 }, { name: "c", value: 4 }],
    choices: [{ name: "alpha", value: 0.3 }],
    loops: [
      {
        loop: "map", node: 1, shape: [3, 5],
        inputs: [{ value: 0, strides: [5, 1], offset: 0 }, { value: 1, strides: [0, 1], offset: 0 }],
        outputs: [{ value: 2, expr: e.select(e.gt(e.input(0), e.zero), e.add(e.input(0), e.input(1)), e.choice("alpha")) }],
      },
      { loop: "reduce", node: 2, outer: [5], reduced: [3], inputs: [{ value: 2, strides: [1, 5], offset: 0 }], element: e.input(0), combine: "sum", output: 3 },
      { loop: "reduce", node: 3, outer: [], reduced: [15], inputs: [{ value: 2, strides: [1], offset: 0 }], element: e.gt(e.input(0), e.zero), combine: "sum", output: 4 },
    ],
  };
  for (const store of ["float32", "float64", "float16", "bfloat16", "float8_e4m3", "tfloat32", "float8_e5m2"]) {
  const results = [js, wasm].map((backend) => {
    const engine = backend.compile({ k: kernel }, precision({ store }));
    engine.write("x", Array.from({ length: 15 }, (_, i) => Math.sin(i * 7) * 3));
    engine.write("b", [1, 2, 3, 4, 5]);
    engine.run("k");
    return ["y", "s", "c"].map((name) => [...engine.buffer(name)]);
  });
  expect(results[1]).toEqual(results[0]);
  }
});
