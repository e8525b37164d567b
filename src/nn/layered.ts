/** A network from its layers. */
import type { Shape } from "../base/shape.ts";
import type { Program } from "../ir/program.ts";
import { trace } from "../ir/trace.ts";
import { softmaxCrossEntropy } from "../ops/index.ts";
import { NetworkTrace } from "./apply-layers.ts";
import type { Layer } from "./layer.ts";
import type { Mode, Network } from "./network.ts";

function traceLoss(
  layers: readonly Layer[],
  input: Shape,
  batch: number,
  mode: Mode,
): { readonly program: Program; readonly traced: NetworkTrace } {
  const traced = new NetworkTrace(mode);
  const specs = { x: [batch, ...input], labels: { shape: [batch], type: "int32" } };
  const program = trace(({ x, labels }) => {
    const logits = traced.apply(layers, x);
    return { loss: softmaxCrossEntropy(logits, labels), logits };
  }, specs);
  return { program, traced };
}

/** @param input Shape of one sample. @throws ShapeError where it is too small for the layers. */
export function layeredNetwork(name: string, layers: readonly Layer[], input: Shape, classes: number): Network {
  // Norms over a 1 x 1 image need two samples.
  const { parameters, work } = traceLoss(layers, input, 2, "train").traced;
  return {
    name,
    input,
    classes,
    parameters,
    work,
    loss: (batch, mode = "train") => traceLoss(layers, input, batch, mode).program,
  };
}
