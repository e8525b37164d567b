/** PyTorch in mid-2026, from public threads: unconfirmed. */
import { entriesFrom, type Preset } from "../preset.ts";

const said = entriesFrom("public PyTorch threads, mid-2026; merge state not always seen", "thread");

export const pytorch2026: Preset = {
  name: "pytorch-2026.07",
  framework: "pytorch",
  source: "public threads, mid-2026; unconfirmed",
  entries: {
    "relu.zero": said(0),
    "max.tie": said("even"),
    "clamp.low": said(0, "scalar bound; 1/2 with a tensor bound"),
    "clamp.high": said(0, "scalar bound; 1/2 with a tensor bound"),
    "relu6.zero": said(0),
    "relu6.six": said(0),
    "hardswish.low": said(0),
    "hardswish.high": said(1),
    "abs.zero": said(0),
    "reduceMax.tie": said("even"),
    "maxpool.tie": said("first"),
    "l2norm.zero": said(0, "the Euclidean norm as one function; sqrt(sum(x^2)) at 0 gives NaN"),
  },
  notes: [
    "The version and the kind of bound decide at the edges of clamp: 0 before 2018, 1 from 2018, 0 or 1/2 in 2026.",
  ],
};
