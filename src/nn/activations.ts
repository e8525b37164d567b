/** Activations by the name that a network's variant gives. */
import type { Tensor } from "../ir/trace.ts";
import {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "../ops/index.ts";

export const activations: Readonly<Record<string, (z: Tensor) => Tensor>> = {
  relu,
  relu6,
  hardswish,
  hardsigmoid,
  hardtanh,
  leakyRelu: (z) => leakyRelu(z),
  elu: (z) => elu(z),
  selu,
  gelu,
  silu,
  softplus,
  sigmoid,
  tanh,
};
