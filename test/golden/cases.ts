/** Every op alone, and a few programs whose sums are longer than a block and a register. */
import { census, joinedPullback } from "../../src/autodiff/index.ts";
import { type Choices, convention } from "../../src/conventions/index.ts";
import type { Program } from "../../src/ir/program.ts";
import { trace } from "../../src/ir/trace.ts";
import { linear, matmul, mean, ops, reduceMax, relu, softmaxCrossEntropy, sum } from "../../src/ops/index.ts";
import { sampleOf } from "../ops/samples.ts";
import { choicesOf } from "./choices.ts";

export interface Case {
  readonly name: string;
  /** Values and census, then adjoints under each choice; inputs of the same name are the same. */
  readonly programs: Readonly<Record<string, Program>>;
  /** Whether other roundings and other sums are of interest, too. */
  readonly further: boolean;
}

function caseOf(name: string, program: Program, choices: readonly Choices[], further: boolean): Case {
  const adjoints = choices.map((chosen, i) => [`adjoints ${i}`, joinedPullback(program, convention(chosen))] as const);
  return { name, programs: { values: census(program), ...Object.fromEntries(adjoints) }, further };
}

/** Extents are odd, above one block of 256 and above one register, so that every tail of a kernel has work. */
function longer(): Readonly<Record<string, Program>> {
  return {
    "linear 5x300x21": trace(({ x, w, b }) => linear(x, w, b), { x: [5, 300], w: [21, 300], b: [21] }),
    "matmul 2x9x259x6": trace(({ a, b }) => matmul(a, b), { a: [2, 9, 259], b: [2, 259, 6] }),
    "mean 261x3": trace(({ x }) => mean(x, [0]), { x: [261, 3] }),
    "sum 3x517": trace(({ x }) => sum(x, [1]), { x: [3, 517] }),
    "reduceMax 5x37": trace(({ x }) => reduceMax(x, [1]), { x: [5, 37] }),
    perceptron: trace(({ x, w, b, v, labels }) => softmaxCrossEntropy(matmul(relu(linear(x, w, b)), v), labels), {
      x: [7, 33],
      w: [17, 33],
      b: [17],
      v: [17, 5],
      labels: { shape: [7], type: "int32" },
    }),
  };
}

/** @throws Error where an op has no sample. */
export function cases(): readonly Case[] {
  const single = [...ops.values()].map((op) => {
    const program = sampleOf(op);
    if (program === undefined) throw new Error(`${op.name}: no sample; add one to test/ops/samples.ts`);
    return caseOf(op.name, program, op.pullback === undefined ? [] : choicesOf(op), false);
  });
  return [...single, ...Object.entries(longer()).map(([name, program]) => caseOf(name, program, [{}], true))];
}
