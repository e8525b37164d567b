/** jax-js 0.1.25, measured. */
import { entriesFrom, type Preset } from "../preset.ts";

const measured = entriesFrom("measured on jax-js 0.1.25", "measured");

export const jaxJs: Preset = {
  name: "jax-js-0.1.25",
  framework: "jax-js",
  source: "measured on version 0.1.25",
  entries: {
    "relu.zero": measured(1),
    "leakyRelu.zero": measured("right"),
    "elu.zero": measured("right"),
    "selu.zero": measured("right"),
    "relu6.zero": measured(1),
    "relu6.six": measured(1),
    "clamp.low": measured(1),
    "clamp.high": measured(1),
    "hardtanh.low": measured(1),
    "hardtanh.high": measured(1),
    "hardsigmoid.low": measured(1 / 6),
    "hardsigmoid.high": measured(1 / 6),
    "hardswish.low": measured(-0.5),
    "hardswish.high": measured(1.5),
    "abs.zero": measured(1),
    "max.tie": measured("first"),
    "min.tie": measured("first"),
    "reduceMax.tie": measured("even"),
    "maxpool.tie": measured("even"),
    "l2norm.zero": measured(0),
    "sqrt.zero": measured("Infinity"),
  },
  notes: [],
};
