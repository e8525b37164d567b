/**
 * A multilayer perceptron 784-256x3-10 on mini-batches of 256: `mlp.forward` (logits and loss) and `mlp.step` (forward,
 * pullback, one step of gradient descent in place). The roof is the time of the same contractions alone.
 */
import { compile } from "../src/compile.ts";
import { type Tensor, trace } from "../src/ir/trace.ts";
import { mlpNamed, parameterShapes } from "../src/nn/architecture.ts";
import { mlpNetwork } from "../src/nn/mlp.ts";
import { matmul } from "../src/ops/index.ts";
import { type Contender, type TimedBench, timed } from "./bench.ts";
import { rate, startNetwork, type Work } from "./network-work.ts";
import { labels, numbers } from "./numbers.ts";
import { jaxMlp } from "./peers/jax-mlp.ts";
import type { MlpData } from "./peers/mlp-data.ts";
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
  rate,
  parameters: Object.fromEntries(
    Object.entries(parameterShapes(mlp)).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, values: Float32Array.from(numbers(name, size), (x) => x / 8) }];
    }),
  ),
};

function ours(work: Work, arithmetic: Arithmetic): Contender {
  const { run, dispose } = startNetwork({ network: mlpNetwork(mlp), batch, work, arithmetic });
  return timed("ours", run, dispose);
}

interface Shapes {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** x w^T forward; g w and g^T x backward (no g w in the first layer). */
function contractions(work: Work): readonly Shapes[] {
  return mlp.sizes.slice(1).flatMap((out, layer): Shapes[] => {
    const width = mlp.sizes[layer];
    const forward = { a: [batch, width], b: [out, width], transposeA: false, transposeB: true };
    const weights = { a: [batch, out], b: [batch, width], transposeA: true, transposeB: false };
    const inputs = { a: [batch, out], b: [out, width], transposeA: false, transposeB: false };
    if (work === "forward") return [forward];
    return layer === 0 ? [forward, weights] : [forward, weights, inputs];
  });
}

function contractionsAlone(work: Work, arithmetic: Arithmetic): Contender {
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

function bench(work: Work, arithmetic: Arithmetic): TimedBench {
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
