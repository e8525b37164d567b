/** What a network is to those that measure or train it: parameters in order, and its loss for any mini-batch. */
import type { Shape } from "../base/shape.ts";
import type { Program } from "../ir/program.ts";
import type { Layer } from "./layer.ts";

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly layer: "conv" | "linear" | "norm";
  /** Of a norm: gamma is its weight, beta its bias. */
  readonly bias: boolean;
  /** Of the layer: terms of one output, and of one input in the backward pass (He et al. 2015); 1 in a norm. */
  readonly fanIn: number;
  readonly fanOut: number;
}

/** A running statistic of a batch norm. */
export interface Statistic {
  readonly name: string;
  readonly shape: Shape;
  /** Before the first update: 0 of a mean, 1 of a variance. */
  readonly initial: number;
}

/**
 * How batch norms work: `train`: by the statistics of the batch; `track`: so too, and running statistics are updated in
 * place; `eval`: by the running statistics, without dropout.
 */
export type Mode = "train" | "track" | "eval";

export interface Network {
  readonly name: string;
  /** Shape of one sample in the input `x`. */
  readonly input: Shape;
  readonly classes: number;
  /** In order; the first is the first layer's weight. */
  readonly parameters: readonly Parameter[];
  readonly statistics: readonly Statistic[];
  /** Multiply-adds of the forward per sample. */
  readonly work: number;
  /**
   * Mean cross-entropy of a mini-batch: inputs `x`, `labels` (int32) and the parameters; outputs `loss` and `logits`. Unless
   * the mode is "train", running statistics are inputs, which "track" updates by outputs `tracked:<statistic>`. The
   * source of every node is the name of its layer, "relu3".
   */
  loss(batch: number, mode?: Mode): Program;
  /** The same program with its layers. */
  traced(batch: number, mode?: Mode): Traced;
}

/** What a norm divides by, in the program: its statistics are over `axes` of x seen as `view`. */
export interface NormTaps {
  /** The value under the root, without eps (of rms norms the mean square), as `kept`, which broadcasts to the view. */
  readonly variance: number;
  readonly kept: Shape;
  readonly view: Shape;
  readonly eps: number;
  /** gamma as `affine`, which broadcasts to the view. */
  readonly gamma: number;
  readonly affine: Shape;
}

/** One application of a layer: the values of the program that it reads and makes. */
export interface Visit {
  /** "norm3", the source of its nodes. */
  readonly name: string;
  readonly layer: Layer["layer"];
  readonly input: number;
  readonly output: number;
  /** Of a linear layer or a convolution: the parameter that is its weight. */
  readonly weight?: string;
  readonly norm?: NormTaps;
}

/** A traced network with its layers, in the order of their results: those of a residual body come before the residual. */
export interface Traced {
  readonly program: Program;
  readonly visits: readonly Visit[];
  readonly parameters: readonly Parameter[];
}

/** Numbers of all parameters together. */
export function parameterCount({ parameters }: Network): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
}
