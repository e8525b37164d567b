/** What a zone is measured of: a network whose loss can be traced for any mini-batch size. */
import type { Shape } from "../../base/shape.ts";
import type { Program } from "../../ir/program.ts";
import { type Mlp, mlpNamed, parameterCount, parameterShapes } from "../../nn/architecture.ts";
import { drawParameters, type InitialLaw } from "../../nn/initializers.ts";
import { mlpLoss } from "../../nn/mlp.ts";

export interface ZoneModel {
  readonly name: string;
  /** Shape of one sample in the input `x`. */
  readonly input: Shape;
  readonly classes: number;
  /** Parameters in order; the first is the first layer's weight. */
  readonly parameters: readonly string[];
  /** Those that are weights of linear or convolutional layers, not biases. */
  readonly weights: readonly string[];
  /** Multiply-adds of the forward per sample: the cost of a scan. */
  readonly work: number;
  /** Mean cross-entropy of a mini-batch: inputs `x`, `labels` (int32) and the parameters; output `loss`. */
  loss(batch: number): Program;
  /** The parameters of network number `index` of a seed. @throws UsageError on an unknown law. */
  draw(how: InitialLaw, seed: number, index: number): Readonly<Record<string, ArrayLike<number>>>;
}

function modelOf(mlp: Mlp): ZoneModel {
  const parameters = Object.keys(parameterShapes(mlp));
  return {
    name: mlp.name,
    input: [mlp.sizes[0]],
    classes: mlp.sizes[mlp.sizes.length - 1],
    parameters,
    weights: parameters.filter((parameter) => parameter.startsWith("w")),
    work: parameterCount(mlp),
    loss: (batch) => mlpLoss(mlp, batch),
    draw: (how, seed, index) => drawParameters(mlp, how, seed, index),
  };
}

/** @throws UsageError on a name that is no network. */
export function modelNamed(text: string): ZoneModel {
  return modelOf(mlpNamed(text));
}
