/** A network from its layers. */
import type { Shape } from "../base/shape.ts";
import type { Program } from "../ir/program.ts";
import { trace } from "../ir/trace.ts";
import { softmaxCrossEntropy } from "../ops/index.ts";
import { type NamedActivations, NetworkTrace } from "./apply-layers.ts";
import type { Layer } from "./layer.ts";
import type { Mode, Network, Traced } from "./network.ts";

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
    return { loss: softmaxCrossEntropy(logits, labels), logits, ...traced.updates };
  }, specs);
  return { program, traced };
}

/**
 * Layers without a loss: inputs `x` [batch, ...input] and the parameters, output `y`.
 * @throws ShapeError where the input is too small for the layers.
 */
export function tracedLayers(
  layers: readonly Layer[],
  input: Shape,
  batch: number,
  activations?: NamedActivations,
): Traced {
  const traced = new NetworkTrace("train", activations);
  const program = trace(({ x }) => ({ y: traced.apply(layers, x) }), { x: [batch, ...input] });
  return { program, visits: traced.visits, parameters: traced.parameters };
}

/** @param input Shape of one sample. @throws ShapeError where it is too small for the layers. */
export function layeredNetwork(name: string, layers: readonly Layer[], input: Shape, classes: number): Network {
  // By running statistics, which any number of samples will do for: ghost batches ask for a multiple of theirs.
  const { parameters, statistics, work } = traceLoss(layers, input, 2, "eval").traced;
  return {
    name,
    input,
    classes,
    parameters,
    statistics,
    work,
    loss: (batch, mode = "train") => traceLoss(layers, input, batch, mode).program,
    traced: (batch, mode = "train") => {
      const { program, traced } = traceLoss(layers, input, batch, mode);
      return { program, visits: traced.visits, parameters: traced.parameters };
    },
  };
}
