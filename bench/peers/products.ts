/** The time that our own matrix product would take for a work of so many operations. */
import { compile } from "../../src/compile.ts";
import { trace } from "../../src/ir/trace.ts";
import { matmul } from "../../src/ops/index.ts";
import { type Contender, timed } from "../bench.ts";
import { numbers } from "../numbers.ts";
import type { Arithmetic } from "./roofs.ts";

const size = 512;

/** The peer "matmul": `flops` operations in float32 products of 512 x 512 matrices. */
export function products(flops: number, arithmetic: Arithmetic): Contender {
  const shape = [size, size];
  const program = trace(({ a, b }) => ({ c: matmul(a, b) }), { a: shape, b: shape });
  const engine = compile(program, { precision: { store: "float32", arithmetic }, backend: "wasm" });
  for (const operand of ["a", "b"]) engine.write(operand, numbers(operand, size * size));
  const whole = timed(
    "matmul",
    () => engine.run("program"),
    () => engine.dispose(),
  );
  return {
    ...whole,
    async seconds(repeats) {
      const wanted = (repeats * flops) / (2 * size ** 3);
      const runs = Math.max(1, Math.round(wanted));
      return (await whole.seconds(runs)) * (wanted / runs);
    },
  };
}
