/**
 * Hashes of what every op computes, per format and convention. Without test framework and without Node, so that every
 * engine that has WebAssembly can be held to the same bits.
 */
import { joinedPullback } from "../../src/autodiff/index.ts";
import type { Backend, Carrier } from "../../src/backends/backend.ts";
import { stream } from "../../src/base/random.ts";
import { type Choices, convention, showChoice } from "../../src/conventions/index.ts";
import { formats, type PrecisionSpec, precision } from "../../src/formats/index.ts";
import type { Program } from "../../src/ir/program.ts";
import { trace } from "../../src/ir/trace.ts";
import { linear, ops } from "../../src/ops/index.ts";
import { lower } from "../../src/ops/lower.ts";
import type { Op } from "../../src/ops/op.ts";
import { fill, sampleOf } from "../ops/samples.ts";
import { choicesOf } from "./choices.ts";
import { digest } from "./digest.ts";
import { finiteHashes } from "./finite.ts";

const numbers = stream(1, "golden");
const edges = [0, 1, -1, 3, -3, 6, -0, Number.NaN, Infinity, -Infinity, 1e-40, 0.7, 448, 6e-8];
const draw = (i: number): number => (i % 2 === 0 ? edges[(i / 2) % edges.length] : 4 * numbers.uniformAt(i) - 2);

/** The op's values, and its adjoints under the choices where it has derivative rules. */
function programsOf(op: Op, choices: Choices): readonly Program[] {
  const program = sampleOf(op) as Program;
  return op.pullback === undefined ? [program] : [program, joinedPullback(program, convention(choices))];
}

type Inputs = Readonly<Record<string, ArrayLike<number>>>;

function outputs(backend: Backend, program: Program, inputs: Inputs, spec: PrecisionSpec): Carrier[] {
  const engine = backend.compile({ program: lower(program) }, precision(spec));
  for (const [name, data] of Object.entries(inputs)) engine.write(name, data);
  engine.run("program");
  const read = program.outputs.map(({ name }) => engine.buffer(name).slice());
  engine.dispose();
  return read;
}

/** Contractions over more than one block in both arithmetics: hardware and emulated multiply-add must agree. */
const contraction = trace(({ x, w, b }) => linear(x, w, b), { x: [5, 301], w: [7, 301], b: [7] });
const contractions: readonly PrecisionSpec[] = ["float32", "float64", "bfloat16"].flatMap((store) =>
  ["strict", "fused"].flatMap((arithmetic) => [256, 32].map((block) => ({ store, arithmetic, block }))),
);

/** "<op> <format> <choices>" to a hash, and the hashes over finite inputs, on one backend. */
export async function hashes(backend: Backend): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const op of ops.values()) {
    for (const choices of choicesOf(op)) {
      const settings = Object.entries(choices).map(([kink, choice]) => `${kink}=${showChoice(choice)}`);
      for (const { name } of formats) {
        const values = programsOf(op, choices).flatMap((program) =>
          outputs(backend, program, fill(program, draw), { store: name }),
        );
        found[[op.name, name, ...settings].join(" ")] = await digest(values);
      }
    }
  }
  const inputs = Object.fromEntries(
    contraction.inputs.map(({ name, value }, i) => {
      const size = contraction.values[value].shape.reduce((a, b) => a * b, 1);
      return [name, Float64Array.from({ length: size }, (_, k) => 2 * numbers.uniformAt(10_000 * (i + 1) + k) - 1)];
    }),
  );
  for (const spec of contractions) {
    const values = outputs(backend, contraction, inputs, spec);
    found[`contraction ${spec.store} ${spec.arithmetic} block ${spec.block}`] = await digest(values);
  }
  return { ...found, ...(await finiteHashes(backend)) };
}
