/** TensorFlow.js 4.22, measured. */
import { entriesFrom, type Preset } from "../preset.ts";

const measured = entriesFrom("measured on TensorFlow.js 4.22 (cpu back end)", "measured");
const measuredOnWasm = entriesFrom("measured on TensorFlow.js 4.22 (wasm back end)", "measured");

export const tfjs: Preset = {
  name: "tfjs-4.22",
  framework: "tfjs",
  source: "measured on version 4.22",
  entries: {
    "relu.zero": measured(0),
    "leakyRelu.zero": measured("left"),
    "selu.zero": measured("left"),
    "max.tie": measured("first"),
    "min.tie": measured("first"),
    "clamp.low": measured(1),
    "clamp.high": measured(1),
    "relu6.zero": measured(0),
    "relu6.six": measured(1),
    "abs.zero": measured(-1),
    "reduceMax.tie": measured("all", "1 to each tied entry: outside the Clarke subdifferential"),
    "maxpool.tie": measured("first", "cpu back end; the wasm back end takes the last"),
    "l2norm.zero": measured("NaN"),
    "sqrt.zero": measured("Infinity"),
  },
  backends: { wasm: { "maxpool.tie": measuredOnWasm("last") } },
  notes: [
    "Its derivative rules multiply by masks: 0 times an infinite gradient is NaN there and 0 here, where a derivative of 0 selects.",
  ],
};
