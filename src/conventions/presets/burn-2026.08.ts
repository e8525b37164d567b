/** burn, as its public source read in August 2026. */
import { entriesFrom, type Preset } from "../preset.ts";

const read = entriesFrom("burn source, read 2026-08", "read");

export const burn: Preset = {
  name: "burn-2026.08",
  framework: "burn",
  source: "public source, read in August 2026",
  entries: {
    "relu.zero": read(0),
    "abs.zero": read(0),
  },
  notes: [
    "The maximum with a number has the form of relu and gives 0 at equality; the maximum of two tensors is unknown.",
    "A maximum along an axis gives the gradient to one index; which of several tied ones is unknown.",
  ],
};
