/** Upper bounds of printed C on this machine: as `roof.ts` has them for WebAssembly, at the full vector width. */
import { kinds } from "../src/backends/native/context.ts";
import { float32Lanes, float64Lanes, type Lanes } from "../src/backends/native/lanes.ts";
import { libraryOf } from "../src/backends/native/library.ts";
import { processorHere } from "../src/backends/native/machine.ts";
import { type Source, source } from "../src/backends/native/source.ts";
import { fusedSteps, strictSteps, tileShape, tileSource } from "../src/backends/native/tile.ts";
import type { Roof } from "./roof.ts";

const repetitions = 400;
const terms = 256;

/** Runs a printed function of `n` repetitions: a map of one element whose line it is. */
function running(printed: Source): () => void {
  const { width } = processorHere();
  const { addon, addressOf } = libraryOf([printed], width);
  const crew = addon.crew(1);
  const arena = new Uint8Array(64);
  // Function, lanes, not packed, one axis, no inputs, no outputs, its extent.
  const words = [kinds.map, 9, addressOf(printed), 1, 0, 1, 0, 0, repetitions];
  const list = BigInt64Array.from(words, BigInt);
  return () => void addon.run(crew, arena, list, new Int32Array(1));
}

const lanesOf = (format: "f32" | "f64"): Lanes => (format === "f32" ? float32Lanes : float64Lanes);

/** x = x * y + z in as many independent chains as registers hold; the values stay finite and normal. */
export function nativeRegisterRoof(format: "f32" | "f64", arithmetic: "strict" | "fused"): Roof {
  const { vector, suffix, scalar, bytes } = lanesOf(format);
  const { registers, width } = processorHere();
  const chains = registers - 4;
  const each = (text: (i: number) => string): string => Array.from({ length: chains }, (_, i) => text(i)).join(" ");
  const step = arithmetic === "fused" ? `fma${suffix}(x, y, z)` : "x * y + z";
  const text = [
    "void @(char *const *p, i64 n) {",
    `static volatile ${scalar} factor = 0.75, summand = 0.25;`,
    `static volatile ${vector} sink;`,
    `const ${vector} y = splat${suffix}(factor), z = splat${suffix}(summand);`,
    each((i) => `${vector} x${i} = y + ${i};`),
    `for (i64 i = 0; i < n * ${terms}; i++) {`,
    each((i) => `x${i} = ${step.replaceAll("x", `x${i}`)};`),
    "}",
    `sink = ${Array.from({ length: chains }, (_, i) => `x${i}`).join(" + ")};`,
    "}",
  ];
  const run = running(source(`${text.join("\n")}\n`, true));
  return { name: "roof-registers", flops: repetitions * terms * chains * (width / 8 / bytes) * 2, run };
}

/** The micro-kernel on one pair of panels of 256 terms. */
export function nativeTileRoof(format: "f32" | "f64", arithmetic: "strict" | "fused"): Roof {
  const lanes = lanesOf(format);
  const { registers, width } = processorHere();
  const steps = arithmetic === "fused" ? fusedSteps(lanes) : strictSteps(lanes);
  const shape = tileShape(registers, true);
  const columns = (shape.vectors * width) / 8 / lanes.bytes;
  const [rows] = shape.rows;
  const tiles = tileSource(steps, shape);
  const text = [
    tiles.text,
    "void @(char *const *p, i64 n) {",
    `static ${lanes.scalar} a[${terms * rows}], b[${terms * columns}] __attribute__((aligned(64))), c[${rows * columns}];`,
    `char *const sums[] = {${Array.from({ length: shape.vectors }, (_, v) => `(char *)(c + ${(v * columns) / shape.vectors})`).join(", ")}};`,
    `for (i64 i = 0; i < n; i++) ${tiles.name}.kernels[0][${shape.vectors - 1}](a, b, ${terms}, sums, sums, ${columns}, 0);`,
    "}",
  ];
  const run = running(source(`${text.join("\n")}\n`, true));
  return { name: "roof", flops: repetitions * terms * rows * columns * 2, run };
}
