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
    "max.tie": measured("first"),
    "clamp.low": measured(1),
    "clamp.high": measured(1),
    "relu6.zero": measured(1),
    "relu6.six": measured(1),
    "abs.zero": measured(1),
    "reduceMax.tie": measured("even"),
    "maxpool.tie": measured("even"),
    "l2norm.zero": measured(0),
  },
  notes: [],
};
