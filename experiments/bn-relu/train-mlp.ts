/** The Train MLP of papers/bn-relu 3.1: blocks linear, batch norm, ReLU without biases, then a linear classifier. */
import type { Trainer } from "../../src/analysis/training/trainer.ts";
import { float32 } from "../../src/formats/float32.ts";
import { drawParameters } from "../../src/nn/initializers.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { layeredNetwork } from "../../src/nn/layered.ts";
import type { Network } from "../../src/nn/network.ts";
import type { NormSpec } from "../../src/nn/norms.ts";

/** @param spec Of its norms (default: batch norm). */
export function trainMlp(depth: number, width: number, inputs = 64, spec?: NormSpec): Network {
  const block: readonly Layer[] = [
    { layer: "linear", units: width, bias: false },
    spec === undefined ? { layer: "norm" } : { layer: "norm", spec },
    { layer: "activation", name: "relu" },
  ];
  const blocks = Array.from({ length: depth }, () => block).flat();
  return layeredNetwork(
    `${inputs}-${width}x${depth}-10-bn`,
    [...blocks, { layer: "linear", units: 10, bias: true }],
    [inputs],
    10,
  );
}

/** N(0, 2 / n) in the blocks, N(0, 1 / n) and bias 0 in the classifier (rows of float32 numbers). */
export function drawTrainMlp(network: Network, seed: number, replica: number): Record<string, Float64Array> {
  const drawn = drawParameters(network, { law: "he", draw: "float32", format: float32 }, seed, replica);
  const classifier = network.parameters.at(-2)?.name as string;
  return { ...drawn, [classifier]: drawn[classifier].map((w) => Math.fround(w * Math.SQRT1_2)) };
}

export function writeParameters(trainer: Trainer, values: Readonly<Record<string, Float64Array>>): void {
  for (const [name, numbers] of Object.entries(values)) trainer.engine.write(name, numbers);
}

/** Names of the blocks' matrices in order, without the classifier's. */
export function blockMatrices({ parameters }: Network): number[] {
  const matrices = parameters.flatMap(({ layer, bias }, i) => (layer !== "norm" && !bias ? [i] : []));
  return matrices.slice(0, -1);
}
