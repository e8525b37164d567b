/** JAX, as its public source read in August 2026. */
import { entriesFrom, type Preset } from "../preset.ts";

const read = entriesFrom("JAX source, read 2026-08", "read");

export const jax: Preset = {
  name: "jax-2026.08",
  framework: "jax",
  source: "public source, read in August 2026",
  entries: {
    "relu.zero": read(0),
    "max.tie": read("even"),
    "clamp.low": read(0, "lax.clamp"),
    "clamp.high": read(0, "lax.clamp"),
    "relu6.zero": read(0),
    "relu6.six": read(0),
    "abs.zero": read(1),
    "reduceMax.tie": read("even"),
    "l2norm.zero": read("NaN", "a change has been proposed"),
  },
  notes: ["Some back ends treat subnormals as zero, so a kink at 0 can hold on all of +-1.18e-38."],
};
