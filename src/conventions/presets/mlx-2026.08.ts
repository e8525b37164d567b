/** mlx, as its public source read in August 2026. */
import { entriesFrom, type Preset } from "../preset.ts";

const read = entriesFrom("mlx source, read 2026-08", "read");

export const mlx: Preset = {
  name: "mlx-2026.08",
  framework: "mlx",
  source: "public source, read in August 2026",
  entries: {
    "relu.zero": read(0),
    "max.tie": read("second"),
    "abs.zero": read(0),
  },
  notes: [],
};
