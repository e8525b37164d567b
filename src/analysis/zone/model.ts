/** What a zone is measured of: a network whose loss can be traced for any mini-batch size. */
import type { Shape } from "../../base/shape.ts";
import type { Program } from "../../ir/program.ts";
import { networkNamed, type Sample } from "../../nn/architectures/index.ts";
import { drawParameters, type InitialLaw } from "../../nn/initializers.ts";

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

/** @param sample For which data. @throws UsageError on a name that is no network, ShapeError where the images do not fit. */
export function modelNamed(text: string, sample?: Sample): ZoneModel {
  const network = networkNamed(text, sample);
  const { name, input, classes, parameters, work } = network;
  return {
    name,
    input,
    classes,
    parameters: parameters.map((parameter) => parameter.name),
    weights: parameters.filter(({ bias, layer }) => !bias && layer !== "norm").map((parameter) => parameter.name),
    work,
    loss: (batch) => network.loss(batch),
    draw: (how, seed, index) => drawParameters(network, how, seed, index),
  };
}
