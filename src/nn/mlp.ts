/** The multilayer perceptron of papers/relu0 3.1 as a program. */

import type { Program } from "../ir/program.ts";
import { type Specs, type Tensor, trace } from "../ir/trace.ts";
import { linear, relu, softmaxCrossEntropy } from "../ops/index.ts";
import { type Mlp, parameterShapes } from "./architecture.ts";
import type { Network, Parameter, Visit } from "./network.ts";

/** The rectifier of a network: relu unless an experiment says otherwise. */
export type Activation = (z: Tensor, layer: number) => Tensor;

/**
 * Mean cross-entropy of one mini-batch: inputs `x` [batch, in], `labels` int32 [batch] and the parameters; output `loss`.
 * Hidden layers whose `rectified` is false have no activation.
 */
export function mlpLoss(mlp: Mlp, batch: number, activation: Activation = (z) => relu(z)): Program {
  return traceMlp(mlp, batch, activation).program;
}

function traceMlp(
  mlp: Mlp,
  batch: number,
  activation: Activation,
): { readonly program: Program; readonly visits: readonly Visit[] } {
  const visits: Visit[] = [];
  const specs: Specs = {
    x: [batch, mlp.sizes[0]],
    labels: { shape: [batch], type: "int32" },
    ...parameterShapes(mlp),
  };
  const program = trace((t) => {
    let h = t.x;
    for (let layer = 1; layer < mlp.sizes.length; layer++) {
      const weight = `w${layer}`;
      const z = linear(h, t[weight], t[`b${layer}`]);
      visits.push({ name: `linear${layer}`, layer: "linear", input: h.value, output: z.value, weight });
      h = z;
      if (!mlp.rectified[layer - 1]) continue;
      h = activation(z, layer);
      visits.push({ name: `relu${layer}`, layer: "activation", input: z.value, output: h.value });
    }
    return { loss: softmaxCrossEntropy(h, t.labels) };
  }, specs);
  return { program, visits };
}

/** The perceptron as any network. Its parameters keep their short names, which name the random streams of stored rows. */
export function mlpNetwork(mlp: Mlp): Network {
  const { name, sizes } = mlp;
  const parameters = Object.entries(parameterShapes(mlp)).map(([parameter, shape]): Parameter => {
    const layer = Number(parameter.slice(1));
    const fans = { fanIn: sizes[layer - 1], fanOut: sizes[layer] };
    return { name: parameter, shape, layer: "linear", bias: parameter.startsWith("b"), ...fans };
  });
  return {
    name,
    input: [sizes[0]],
    classes: sizes[sizes.length - 1],
    parameters,
    statistics: [],
    work: sizes.slice(1).reduce((sum, width, layer) => sum + width * sizes[layer], 0),
    loss: (batch) => mlpLoss(mlp, batch),
    traced: (batch) => ({ ...traceMlp(mlp, batch, (z) => relu(z)), parameters }),
  };
}
