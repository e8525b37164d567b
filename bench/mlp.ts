/**
 * A multilayer perceptron 784-256x3-10 on mini-batches of 256: `mlp.forward` (logits and loss) and `mlp.step` (forward,
 * pullback, one step of gradient descent in place). The roof is the time of the same contractions alone.
 */
import { pullback } from "../src/autodiff/pullback.ts";
import { withResiduals } from "../src/autodiff/residuals.ts";
import type { Engine } from "../src/backends/backend.ts";
import { compile } from "../src/compile.ts";
import type { Program } from "../src/ir/program.ts";
import { extend, type Tensor, trace, type Update, update } from "../src/ir/trace.ts";
import { mlpNamed, parameterShapes } from "../src/nn/architecture.ts";
import { mlpLoss } from "../src/nn/mlp.ts";
import { matmul, mul, sub } from "../src/ops/index.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { labels, numbers } from "./numbers.ts";
import { jaxMlp } from "./peers/jax-mlp.ts";
import type { MlpData, MlpWork } from "./peers/mlp-data.ts";
import { pytorchMlp } from "./peers/pytorch-mlp.ts";
import type { Arithmetic } from "./peers/roofs.ts";
import { tfjsMlp } from "./peers/tfjs-mlp.ts";

const mlp = mlpNamed("784-256x3-10");
const batch = 256;

const data: MlpData = {
  sizes: mlp.sizes,
  batch,
  x: Float32Array.from(numbers("x", batch * mlp.sizes[0]), (x) => x + 0.5),
  labels: labels("labels", batch, 10),
  rate: 0.01,
  parameters: Object.fromEntries(
    Object.entries(parameterShapes(mlp)).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, values: Float32Array.from(numbers(name, size), (x) => x / 8) }];
    }),
  ),
};

/** Gradients into updates: w := w - rate d:w, in the buffer of w. */
function descent(gradients: Program): Program {
  const names = Object.keys(data.parameters);
  const known = new Set(gradients.inputs.map((input) => input.name));
  const specs = Object.fromEntries(
    names.filter((name) => !known.has(name)).map((name) => [name, data.parameters[name].shape]),
  );
  const updated = extend(
    gradients,
    (t) => {
      const updates: Record<string, Update> = {};
      for (const name of names) updates[`new:${name}`] = update(name, sub(t[name], mul(t[`d:${name}`], data.rate)));
      return updates;
    },
    specs,
  );
  return { ...updated, outputs: updated.outputs.filter((output) => output.alias !== undefined) };
}

export function mlpEngine(work: MlpWork, arithmetic: Arithmetic, threads = 1): Engine {
  const program = mlpLoss(mlp, batch);
  const precision = { store: "float32", arithmetic };
  if (work === "forward") return compile({ forward: program }, { precision, backend: "wasm", threads });
  const backward = pullback(program, undefined, { wrt: Object.keys(data.parameters) });
  const programs = { forward: withResiduals(program, backward), backward: descent(backward) };
  return compile(programs, { precision, backend: "wasm", threads });
}

/** The engine with its data; `run` does the work once. */
export function startMlp(
  work: MlpWork,
  arithmetic: Arithmetic,
  threads = 1,
): { readonly run: () => void; readonly dispose: () => void } {
  const engine = mlpEngine(work, arithmetic, threads);
  engine.write("x", data.x);
  engine.write("labels", data.labels);
  for (const [name, { values }] of Object.entries(data.parameters)) engine.write(name, values);
  if (work === "step") engine.write("d:loss", [1]);
  const run = (): void => {
    engine.run("forward");
    if (work === "step") engine.run("backward");
  };
  return { run, dispose: () => engine.dispose() };
}

function ours(work: MlpWork, arithmetic: Arithmetic): Contender {
  const { run, dispose } = startMlp(work, arithmetic);
  return timed("ours", run, dispose);
}

interface Shapes {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** x w^T forward; g w and g^T x backward (no g w in the first layer). */
function contractions(work: MlpWork): readonly Shapes[] {
  return mlp.sizes.slice(1).flatMap((out, layer): Shapes[] => {
    const width = mlp.sizes[layer];
    const forward = { a: [batch, width], b: [out, width], transposeA: false, transposeB: true };
    const weights = { a: [batch, out], b: [batch, width], transposeA: true, transposeB: false };
    const inputs = { a: [batch, out], b: [out, width], transposeA: false, transposeB: false };
    if (work === "forward") return [forward];
    return layer === 0 ? [forward, weights] : [forward, weights, inputs];
  });
}

function contractionsAlone(work: MlpWork, arithmetic: Arithmetic): Contender {
  const all = contractions(work);
  const specs = Object.fromEntries(all.flatMap(({ a, b }, i) => [[`a${i}`, a] as const, [`b${i}`, b] as const]));
  const program = trace((t) => {
    const products: Record<string, Tensor> = {};
    all.forEach(({ transposeA, transposeB }, i) => {
      products[`c${i}`] = matmul(t[`a${i}`], t[`b${i}`], { transposeA, transposeB });
    });
    return products;
  }, specs);
  const engine = compile(program, { precision: { store: "float32", arithmetic }, backend: "wasm" });
  for (const [name, shape] of Object.entries(specs)) engine.write(name, numbers(name, shape[0] * shape[1]));
  return timed(
    "roof",
    () => engine.run("program"),
    () => engine.dispose(),
  );
}

function bench(work: MlpWork, arithmetic: Arithmetic): TimedBench {
  return {
    name: `mlp.${work}.${arithmetic}`,
    unit: "images/s",
    work: batch,
    ours: () => ours(work, arithmetic),
    peers: [
      { peerName: "roof", start: () => contractionsAlone(work, arithmetic) },
      { peerName: "tfjs", start: () => tfjsMlp(work, data) },
      { peerName: "jax-js", start: () => jaxMlp(work, data) },
      { peerName: "PyTorch", start: () => pytorchMlp(work, data) },
    ],
  };
}

export const mlpBenches: readonly TimedBench[] = (["forward", "step"] as const).flatMap((work) =>
  (["strict", "fused"] as const).map((arithmetic) => bench(work, arithmetic)),
);
