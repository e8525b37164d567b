/** tinygrad, as its public source read in August 2026. */
import { entriesFrom, type Preset } from "../preset.ts";

const read = entriesFrom("tinygrad source, read 2026-08", "read");

export const tinygrad: Preset = {
  name: "tinygrad-2026.08",
  framework: "tinygrad",
  source: "public source, read in August 2026",
  entries: {
    "relu.zero": read(0),
    "max.tie": read("even"),
    "relu6.zero": read(0),
    "relu6.six": read(0),
    "hardswish.low": read(0),
    "hardswish.high": read(1),
    "abs.zero": read(0),
    "reduceMax.tie": read("even"),
  },
  notes: [],
};
