/** PyTorch 1.13, measured: the default of every op. */
import { entriesFrom, type Preset } from "../preset.ts";

const measured = entriesFrom("measured on PyTorch 1.13 (Debian 12, CPU)", "measured");

export const pytorch113: Preset = {
  name: "pytorch-1.13",
  framework: "pytorch",
  source: "measured on version 1.13",
  entries: {
    "relu.zero": measured(0),
    "leakyRelu.zero": measured("left"),
    "elu.zero": measured("left"),
    "selu.zero": measured("left"),
    "relu6.zero": measured(0),
    "relu6.six": measured(0),
    "clamp.low": measured(1),
    "clamp.high": measured(1),
    "hardtanh.low": measured(0),
    "hardtanh.high": measured(0),
    "hardsigmoid.low": measured(0),
    "hardsigmoid.high": measured(0),
    "hardswish.low": measured(-0.5),
    "hardswish.high": measured(1.5),
    "abs.zero": measured(0),
    "max.tie": measured("even"),
    "min.tie": measured("even"),
    "reduceMax.tie": measured("even"),
    "maxpool.tie": measured("first", "of several NaN in a window the last"),
    "normPool.zero": measured(0, "lp_pool2d; the root of a sum of squares gives NaN"),
    "l2norm.zero": measured(0, "the Euclidean norm as one function; sqrt(sum(x^2)) at 0 gives NaN"),
    "sqrt.zero": measured("Infinity"),
  },
  notes: [
    "The written rule (autograd note, 2022), in order: the gradient where differentiable; the minimum-norm subgradient where locally convex; the minimum-norm supergradient where locally concave; by continuity where merely defined; otherwise arbitrary.",
  ],
};
