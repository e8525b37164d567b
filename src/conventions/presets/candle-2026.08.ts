/** candle, as its public source read in August 2026. */
import { entriesFrom, type Preset } from "../preset.ts";

const read = entriesFrom("candle source, read 2026-08", "read");

export const candle: Preset = {
  name: "candle-2026.08",
  framework: "candle",
  source: "public source, read in August 2026",
  entries: {
    "relu.zero": read(1),
    "max.tie": read("even"),
    "abs.zero": read(1),
    "reduceMax.tie": read("all", "1 to each tied entry: outside the Clarke subdifferential"),
  },
  notes: [],
};
