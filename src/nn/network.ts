/** What a network is to those that measure or train it: parameters in order, and its loss for any mini-batch. */
import type { Shape } from "../base/shape.ts";
import type { Program } from "../ir/program.ts";

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

/** How batch norms work: by the statistics of the batch, or by running ones, which are inputs. */
export type Mode = "train" | "eval";

export interface Network {
  readonly name: string;
  /** Shape of one sample in the input `x`. */
  readonly input: Shape;
  readonly classes: number;
  /** In order; the first is the first layer's weight. */
  readonly parameters: readonly Parameter[];
  /** Multiply-adds of the forward per sample. */
  readonly work: number;
  /**
   * Mean cross-entropy of a mini-batch: inputs `x`, `labels` (int32) and the parameters; outputs `loss` and `logits`. In
   * the mode "eval" batch norms read the inputs `<norm>.mean` and `<norm>.variance`.
   */
  loss(batch: number, mode?: Mode): Program;
}

/** Numbers of all parameters together. */
export function parameterCount({ parameters }: Network): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
}
