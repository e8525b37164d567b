/** What a learning-rate rule is: hyperparameters, state, and one step of one parameter as a formula. */
import type { Shape } from "../../base/shape.ts";
import type { Tensor } from "../../ir/trace.ts";
import { type Formula, formula, squareSum } from "./formula.ts";
import type { Hyperparameters, Values } from "./hyperparameter.ts";

/** A tensor that a rule keeps between steps, in the accumulate format; it starts at 0. */
export interface StateTensor {
  readonly name: string;
  /** One number per weight, or one per parameter tensor. */
  readonly like: "weights" | "scalar";
}

/** A run-time scalar that depends on the step: a bias correction. */
export interface Correction {
  readonly name: string;
  /** @param t Number of the step, from 1. */
  at(values: Values, t: number): number;
}

/** What a rule does with one parameter tensor. */
export interface Step {
  /** w <- w - scale direction, rounded once. */
  readonly direction: Formula;
  /** A float64 scalar; 1 unless given. */
  readonly scale?: Tensor;
  /** New state, by name. */
  readonly state: Readonly<Record<string, Tensor>>;
  /** The learning rate that the tensor has effectively: lr times the rule's ratio. A float64 scalar. */
  readonly rate: Tensor;
}

export interface Rule {
  readonly name: string;
  /** The update in one line, as docs and `--help` print it. */
  readonly doc: string;
  readonly source: string;
  readonly hyperparameters: Hyperparameters;
  state(values: Values): readonly StateTensor[];
  readonly corrections: readonly Correction[];
  /** A float64 scalar made of all scaled tensors at once, which `step` finds as `common`. */
  common?(layers: readonly Layer[]): Tensor;
  step(layer: Layer, common?: Tensor): Step;
}

/** One parameter tensor under a rule. Scalars of the rule are inputs of the program: a sweep over them recompiles nothing. */
export class Layer {
  readonly w: Tensor;
  readonly g: Tensor;
  readonly shape: Shape;
  readonly values: Values;
  /** Whether the rule's layer-wise ratio acts here (default: on matrices and kernels only). */
  readonly scaled: boolean;
  /** Whether weight decay acts here. */
  readonly decays: boolean;
  readonly #scalars: Readonly<Record<string, Tensor>>;
  readonly #state: Readonly<Record<string, Tensor>>;
  #weightSquare: Tensor | undefined;
  #gradientSquare: Tensor | undefined;

  constructor(
    w: Tensor,
    g: Tensor,
    values: Values,
    { scaled, decayed }: { readonly scaled: boolean; readonly decayed: boolean },
    scalars: Readonly<Record<string, Tensor>>,
    state: Readonly<Record<string, Tensor>>,
  ) {
    this.w = w;
    this.g = g;
    this.shape = w.shape;
    this.values = values;
    this.scaled = scaled;
    this.decays = decayed && values.weightDecay > 0;
    this.#scalars = scalars;
    this.#state = state;
  }

  /** The learning rate (`lr`), a hyperparameter or a correction. */
  scalar(name: string): Tensor {
    return this.#scalars[name];
  }

  state(name: string): Tensor {
    return this.#state[name];
  }

  /** norm(w)^2, made once for the rule and the trace. */
  get weightSquare(): Tensor {
    this.#weightSquare ??= squareSum(
      formula([this.w], (w) => w),
      this.shape,
    );
    return this.#weightSquare;
  }

  /** norm(g)^2, without weight decay. */
  get gradientSquare(): Tensor {
    this.#gradientSquare ??= squareSum(
      formula([this.g], (g) => g),
      this.shape,
    );
    return this.#gradientSquare;
  }
}
